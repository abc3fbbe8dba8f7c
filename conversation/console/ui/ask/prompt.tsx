// The prompt as it was sent, and what of it is what.
import { count } from '../format';
import { tokenNames } from '../thread/why';
import type { Prompt } from './types';

const parts = ['fixed', 'summary', 'history', 'passages', 'turn', 'images'];
const roles: Record<string, string> = { system: 'Instructions', user: 'Customer', assistant: 'Bot', tool: 'Tool' };

export function PromptView({ of: p, name }: { of: Prompt; name: string }) {
  const shown = parts.filter((name) => p.tokens[name] > 0), all = shown.reduce((sum, name) => sum + p.tokens[name], 0), left = p.tokens.trimmed_messages;
  let x = 0;
  return <section class="prompt" aria-label={'Prompt' + name}><h3>Prompt, {count(all)} tokens</h3>
    <svg class="split" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{shown.map((name) => {
      const width = (p.tokens[name] / all) * 100, at = x;
      x += width;
      return <rect key={name} class={'part-' + name} x={at} width={width} y="0" height="8"><title>{`${tokenNames[name]}: ${count(p.tokens[name])}`}</title></rect>;
    })}</svg>
    <ul class="legend" aria-hidden="true">{shown.map((name) => <li key={name}><svg viewBox="0 0 8 8" width="8" height="8"><rect class={'part-' + name} width="8" height="8" rx="2" /></svg>{tokenNames[name]} <b>{count(p.tokens[name])}</b></li>)}</ul>
    <div class="hidden"><table><caption>Tokens of the prompt{name} by part</caption><thead><tr><th scope="col">Part</th><th scope="col">Tokens</th></tr></thead>
      <tbody>{shown.map((name) => <tr key={name}><th scope="row">{tokenNames[name]}</th><td>{count(p.tokens[name])}</td></tr>)}</tbody></table></div>
    {left > 0 && <p class="meta">{count(left)} earlier messages did not fit and were left out.</p>}
    <p class="meta">The answer may have {count(p.max_tokens)} tokens.</p>
    <details class="sent"><summary>As it was sent</summary>
      <ol>{p.messages.map((m, i) => <li key={i}><p class="meta">{roles[m.role] || m.role}</p><pre dir="auto" tabIndex={0} aria-label={`Message ${i + 1}, ${roles[m.role] || m.role}`}>{m.text}</pre></li>)}
        {p.tools.map((t) => <li key={t.name}><p class="meta">Tool</p><pre tabIndex={0} aria-label={'Tool ' + t.name}>{t.name + ': ' + t.description + '\n' + JSON.stringify(t.parameters, null, 1)}</pre></li>)}</ol></details>
  </section>;
}
