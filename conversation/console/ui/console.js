// The console's first pages: sign in, look after the documents, try a search.
// Everything shown is made of text nodes; no string ever becomes markup.

const app = document.getElementById('app');
const said = document.getElementById('said');

/** el makes an element: properties beginning with "on" are listeners, those with a dash attributes. */
function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (k in e && !k.includes('-')) e[k] = v;
    else e.setAttribute(k, v === true ? '' : v);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

function say(text) {
  said.textContent = text;
}

class Failed extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || 'The server answered ' + status + '.');
    this.status = status;
  }
}

/** api calls the server with the session and returns what it answers. */
async function api(method, path, body) {
  const init = { method, headers: { Accept: 'application/json' } };
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  let res;
  try {
    res = await fetch('/api/v1' + path, init);
  } catch {
    throw new Failed(0, { detail: 'The server cannot be reached.' });
  }
  if (!res.ok) throw await failure(res.status, () => res.json());
  return res.status === 204 ? null : res.json();
}

async function failure(status, read) {
  let problem = {};
  try {
    problem = await read();
  } catch {
    // something in between answered; the status says enough
  }
  return new Failed(status, problem);
}

/** guard runs what a person asked for and shows what went wrong. A lost session leads to the sign-in page. */
async function guard(errorLine, work) {
  if (errorLine) errorLine.hidden = true;
  try {
    return await work();
  } catch (err) {
    if (!(err instanceof Failed)) throw err;
    if (err.status === 401) {
      showSignIn('Your session has ended. Sign in again.');
    } else if (errorLine) {
      errorLine.textContent = err.message;
      errorLine.hidden = false;
    }
    say(err.message);
  }
  return undefined;
}

// --- sign in

function showSignIn(message) {
  stopWatching();
  const error = el('p', { className: 'error', role: 'alert', hidden: !message }, message || '');
  const email = el('input', { type: 'email', name: 'email', autocomplete: 'username', required: true, maxLength: 254 });
  const password = el('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true });
  const button = el('button', { className: 'btn main', type: 'submit' }, 'Sign in');
  const form = el('form', { onsubmit: submit },
    el('h1', {}, 'Frontdesk console'),
    el('label', { className: 'field' }, 'E-mail address', email),
    el('label', { className: 'field' }, 'Password', password),
    error, button);
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    error.hidden = true;
    try {
      await api('POST', '/login', { email: email.value, password: password.value });
      await start();
    } catch (err) {
      error.textContent = err.message;
      error.hidden = false;
      password.select();
    } finally {
      button.disabled = false;
    }
  }
  app.replaceChildren(el('main', { className: 'signin' }, form));
  email.focus();
}

// --- documents

const states = {
  queued: ['Waiting', 'accent'], extracting: ['Reading', 'accent'], embedding: ['Indexing', 'accent'],
  ready: ['Ready', 'ok'], failed: ['Failed', 'bad'],
};
const underWay = (d) => d.status !== 'ready' && d.status !== 'failed';
const number = new Intl.NumberFormat();
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function size(bytes) {
  for (const [unit, n] of [['MB', 1e6], ['kB', 1e3]]) {
    if (bytes >= n) return number.format(Math.round((bytes / n) * 10) / 10) + ' ' + unit;
  }
  return number.format(bytes) + ' B';
}

let watching = 0;
function stopWatching() {
  clearTimeout(watching);
}

function documentsPanel(me) {
  const admin = me.role === 'admin';
  const count = el('span', { className: 'meta' });
  const error = el('p', { className: 'error', role: 'alert', hidden: true });
  const uploads = el('ul', { className: 'list' });
  const list = el('ul', { className: 'list', 'aria-label': 'Documents' });
  const more = el('button', { className: 'btn', type: 'button', hidden: true, onclick: () => { pages += 1; refresh(); } }, 'Show more');
  const empty = el('p', { className: 'body muted', hidden: true },
    admin ? 'There are no documents yet. Upload a FAQ to begin.' : 'There are no documents yet.');
  let pages = 1;
  let turn = 0;

  async function refresh() {
    stopWatching();
    const mine = ++turn;
    await guard(error, async () => {
      const docs = [];
      let cursor = '';
      for (let i = 0; i < pages; i++) {
        const page = await api('GET', '/documents?limit=100' + (cursor ? '&cursor=' + encodeURIComponent(cursor) : ''));
        docs.push(...page.documents);
        cursor = page.next || '';
        if (!cursor) break;
      }
      if (mine !== turn) return; // a later call has newer figures
      more.hidden = !cursor;
      empty.hidden = docs.length > 0;
      count.textContent = number.format(docs.length) + (cursor ? '+' : '') + (docs.length === 1 ? ' document' : ' documents');
      render(docs);
      if (docs.some(underWay)) watching = setTimeout(refresh, 1000);
    });
  }

  // render keeps the rows that have not changed, so that focus stays where it is.
  const rows = new Map();
  function render(docs) {
    const old = new Map(rows);
    rows.clear();
    for (const d of docs) {
      const key = JSON.stringify(d);
      const had = old.get(d.id);
      const kept = had && had.key === key ? had : { key, row: documentRow(d) };
      if (had && had !== kept && had.status !== d.status) say(d.name + ': ' + states[d.status][0]);
      kept.status = d.status;
      rows.set(d.id, kept);
    }
    list.replaceChildren(...[...rows.values()].map((r) => r.row));
  }

  function documentRow(d) {
    const [label, look] = states[d.status] || [d.status, 'warn'];
    const facts = [d.status === 'ready' ? number.format(d.passages) + (d.passages === 1 ? ' passage' : ' passages') : null,
      d.bytes ? size(d.bytes) : null, date.format(new Date(d.created_at))].filter(Boolean).join(' · ');
    return el('li', { className: 'doc' },
      el('span', { className: 'name', dir: 'auto' }, d.name),
      el('span', { className: 'chip ' + look }, label),
      admin ? el('button', { className: 'btn quiet bad', type: 'button', 'aria-label': 'Delete ' + d.name, onclick: () => remove(d) }, 'Delete') : el('span'),
      el('span', { className: 'more meta' }, facts),
      d.error ? el('p', { className: 'more error' }, d.error) : null,
      warnings(d));
  }

  // warnings shows the first few at once; what they quote is a stranger's text.
  function warnings(d) {
    const all = d.warnings.map((text) => el('li', { dir: 'auto' }, text));
    if (!all.length) return null;
    const rest = all.splice(3);
    return el('div', { className: 'more warning' },
      el('p', {}, 'Worth a look:'),
      el('ul', { 'aria-label': 'Warnings about ' + d.name }, ...all),
      rest.length ? el('details', {}, el('summary', {}, number.format(rest.length) + ' more'),
        el('ul', { 'aria-label': 'More warnings about ' + d.name }, ...rest)) : null);
  }

  async function remove(d) {
    if (!(await confirmed('Delete ' + d.name + '?', 'The bot stops using it at once. This cannot be undone.', 'Delete'))) return;
    await guard(error, async () => {
      try {
        await api('DELETE', '/documents/' + d.id);
      } catch (err) {
        if (err.status !== 404) throw err; // gone already is what was wanted
      }
      say(d.name + ' deleted');
      await refresh();
    });
  }

  // leftOut names the files of an archive that are no documents, until the next upload.
  function leftOut(archive, over) {
    const shown = over.slice(0, 10).map((o) => el('li', { dir: 'auto' }, o.name + ': ' + o.reason));
    if (over.length > shown.length) shown.push(el('li', {}, 'and ' + number.format(over.length - shown.length) + ' more'));
    return el('li', { className: 'doc over' }, el('span', { className: 'name', dir: 'auto' }, archive),
      el('span', { className: 'chip warn' }, number.format(over.length) + ' left out'), el('span'),
      el('div', { className: 'more warning' }, el('ul', { 'aria-label': 'Left out of ' + archive }, ...shown)));
  }

  async function upload(files) {
    uploads.querySelectorAll('.over').forEach((row) => row.remove());
    for (const file of files) {
      const bar = el('progress', { max: 1, value: 0, 'aria-label': 'Uploading ' + file.name });
      const note = el('span', { className: 'more meta' }, 'Uploading ' + size(file.size));
      const row = el('li', { className: 'doc' }, el('span', { className: 'name', dir: 'auto' }, file.name),
        el('span', { className: 'chip accent' }, 'Uploading'), el('span'), bar, note);
      uploads.append(row);
      const done = await guard(error, () => send(file, (part) => { bar.value = part; }));
      row.remove();
      if (!done) {
        error.textContent = file.name + ': ' + (error.textContent || 'not uploaded');
        continue;
      }
      say(file.name + ' uploaded');
      if (done.passed_over?.length) uploads.append(leftOut(file.name, done.passed_over));
      refresh();
    }
  }

  const picker = el('input', { type: 'file', multiple: true, className: 'hidden', tabIndex: -1, 'aria-hidden': 'true',
    onchange: () => { const files = [...picker.files]; picker.value = ''; upload(files); } });
  const drop = el('div', { className: 'drop',
    ondragover: (e) => { e.preventDefault(); drop.classList.add('over'); },
    ondragleave: () => drop.classList.remove('over'),
    ondrop: (e) => { e.preventDefault(); drop.classList.remove('over'); upload([...e.dataTransfer.files]); } },
    el('button', { className: 'btn main', type: 'button', onclick: () => picker.click() }, 'Upload files'), picker,
    el('p', { className: 'meta' }, 'Or drop them here. Up to 64 MB each, text up to 20 MB.'));

  const node = el('section', { className: 'panel', 'aria-labelledby': 'documents-title' },
    el('div', { className: 'head' }, el('h2', { id: 'documents-title' }, 'Documents'), count),
    admin ? el('div', { className: 'body' }, drop, entryForm(refresh)) : null,
    error, uploads, list, empty,
    more);
  refresh();
  return node;
}

/** send uploads one file and tells how far it is, from 0 to 1. */
function send(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('file', file);
    const xhr = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    xhr.open('POST', '/api/v1/documents');
    xhr.upload.addEventListener('progress', (e) => { if (e.lengthComputable) progress(e.loaded / e.total); });
    xhr.addEventListener('error', () => reject(new Failed(0, { detail: 'The upload was interrupted.' })));
    xhr.addEventListener('load', async () => {
      if (xhr.status === 202) resolve(JSON.parse(xhr.responseText));
      else reject(await failure(xhr.status, async () => JSON.parse(xhr.responseText)));
    });
    xhr.send(form);
  });
}

function entryForm(added) {
  const question = el('input', { required: true, maxLength: 1000 });
  const answer = el('textarea', { required: true, rows: 4, maxLength: 8000 });
  const error = el('p', { className: 'error', role: 'alert', hidden: true });
  const form = el('form', { onsubmit: async (event) => {
    event.preventDefault();
    const ok = await guard(error, () => api('POST', '/documents', { question: question.value, answer: answer.value }));
    if (!ok) return;
    form.reset();
    question.focus();
    say('Entry added');
    added();
  } },
  el('label', { className: 'field' }, 'Question', question),
  el('label', { className: 'field' }, 'Answer', answer),
  error, el('button', { className: 'btn', type: 'submit' }, 'Add entry'));
  return el('details', {}, el('summary', {}, 'Write a question and its answer'), form);
}

/** confirmed asks before what cannot be undone. */
function confirmed(title, text, action) {
  return new Promise((resolve) => {
    const dialog = el('dialog', { 'aria-labelledby': 'ask-title', onclose: () => { resolve(dialog.returnValue === 'yes'); dialog.remove(); } },
      el('form', { method: 'dialog' }, el('h2', { id: 'ask-title' }, title), el('p', {}, text),
        el('div', { className: 'row' }, el('button', { className: 'btn', value: 'no', autofocus: true }, 'Cancel'),
          el('button', { className: 'btn bad', value: 'yes' }, action))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// --- search

function searchPanel() {
  const query = el('input', { type: 'search', required: true, maxLength: 8000, 'aria-label': 'Question', placeholder: 'As a customer would ask it' });
  const error = el('p', { className: 'error', role: 'alert', hidden: true });
  const verdict = el('p', { className: 'muted' }, 'Shows what the bot would find, and why.');
  const hits = el('ol', { className: 'list', 'aria-label': 'Passages found' });
  let turn = 0;
  const form = el('form', { className: 'row', role: 'search', onsubmit: async (event) => {
    event.preventDefault();
    const mine = ++turn;
    const res = await guard(error, () => api('POST', '/search', { query: query.value, limit: 8 }));
    if (!res || mine !== turn) return;
    const n = res.passages.length;
    verdict.textContent = n === 0 ? 'Nothing found. The bot would say that it does not know.'
      : number.format(n) + (n === 1 ? ' passage' : ' passages') + ' · confidence ' + Math.round(res.confidence * 100) + ' %';
    say(verdict.textContent);
    hits.replaceChildren(...res.passages.map(hitRow));
  } }, query, el('button', { className: 'btn main', type: 'submit' }, 'Search'));
  return el('section', { className: 'panel', 'aria-labelledby': 'search-title' },
    el('div', { className: 'head' }, el('h2', { id: 'search-title' }, 'Try a search')),
    el('div', { className: 'body' }, form, error, verdict), hits);
}

function hitRow(h, i) {
  const place = [h.document, h.heading, h.page ? 'page ' + h.page : null].filter(Boolean).join(' › ');
  const text = el('p', { className: 'text clamp', dir: 'auto' }, h.text);
  const whole = el('button', { className: 'btn quiet', type: 'button', 'aria-expanded': 'false', onclick: () => {
    const open = text.classList.toggle('clamp') === false;
    whole.setAttribute('aria-expanded', String(open));
    whole.textContent = open ? 'Show less' : 'Show all';
  } }, 'Show all');
  const fact = (term, value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));
  const ranking = (rank, score) => (rank === null ? 'not listed' : '#' + rank + ' (' + score.toFixed(3) + ')');
  return el('li', { className: 'hit' },
    el('div', { className: 'top' }, el('span', { className: 'muted' }, String(i + 1)), el('h3', { dir: 'auto' }, h.title || h.document),
      h.exact ? el('span', { className: 'chip ok' }, 'Same question') : null),
    el('p', { className: 'meta', dir: 'auto' }, place), text,
    h.text.length > 280 ? el('div', {}, whole) : null,
    el('dl', { className: 'why' }, fact('Words', ranking(h.lexical_rank, h.lexical_score)),
      fact('Meaning', ranking(h.dense_rank, h.dense_score)), fact('Fused', h.score.toFixed(4))));
}

// --- start

async function start() {
  let me;
  try {
    me = await api('GET', '/me');
  } catch (err) {
    if (err.status === 401) return showSignIn();
    app.replaceChildren(el('main', { className: 'signin' }, el('p', { className: 'error', role: 'alert' }, err.message)));
    return undefined;
  }
  const out = el('button', { className: 'btn quiet', type: 'button', onclick: async () => {
    await guard(null, () => api('POST', '/logout'));
    showSignIn();
  } }, 'Sign out');
  app.replaceChildren(
    el('header', {}, el('h1', {}, 'Frontdesk console'), el('span', { className: 'who muted' }, me.name), out),
    el('main', {}, documentsPanel(me), searchPanel()));
  return undefined;
}

start();
