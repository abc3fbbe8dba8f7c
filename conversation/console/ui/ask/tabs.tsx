// The pages on how well the bot answers and what that costs.
const tabs = [['ask', 'Ask'], ['tests', 'Test set'], ['usage', 'Usage and cost']];

export function Tabs({ here }: { here: string }) {
  return <nav class="page-tabs" aria-label="Answers and cost">{tabs.map(([to, name]) => <a key={to} class="view" href={'#/' + to} aria-current={here === to ? 'page' : undefined}>{name}</a>)}</nav>;
}
