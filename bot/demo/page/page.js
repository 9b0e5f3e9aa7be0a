// Shows the workspace and does what a person does; text is only ever set as text, never as markup.
const state = { channel: 'incidents', thread: null, seen: {}, drawn: '' };
const $ = (id) => document.getElementById(id);
const el = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const post = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const decode = (s) => s.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

function mrkdwn(source) {
  const out = el('span');
  const shape = /```([\s\S]+?)```|`([^`\n]+)`|\*([^*\n]+)\*|<!date\^(\d+)\^[^|>]*\|?([^>]*)>|<([^>|]+)(?:\|([^>]*))?>/g;
  let at = 0;
  for (const m of source.matchAll(shape)) {
    out.append(decode(source.slice(at, m.index)));
    at = m.index + m[0].length;
    if (m[1] !== undefined) out.append(el('pre', decode(m[1])));
    else if (m[2] !== undefined) out.append(el('code', decode(m[2])));
    else if (m[3] !== undefined) { const b = el('b'); b.append(mrkdwn(m[3])); out.append(b); }
    else if (m[4] !== undefined) { const t = el('time', new Date(m[4] * 1000).toLocaleString()); t.title = decode(m[5] || ''); out.append(t); }
    else out.append(el('span', decode(m[7] || m[6])));
  }
  out.append(decode(source.slice(at)));
  out.style.whiteSpace = 'pre-wrap';
  return out;
}
const text = (t) => (t.type === 'mrkdwn' ? mrkdwn(t.text) : el('span', t.text));

function rich(e) {
  if (e.type === 'text') { const s = e.style || {}; return el(s.code ? 'code' : s.bold ? 'b' : s.italic ? 'i' : 'span', e.text); }
  if (e.type === 'date') return el('time', new Date(e.timestamp * 1000).toLocaleString());
  if (e.type === 'link') return el('span', e.text || e.url);
  if (e.type === 'emoji') return el('span', e.unicode ? String.fromCodePoint(...e.unicode.split('-').map((u) => parseInt(u, 16))) : `:${e.name}:`);
  const tag = { rich_text_preformatted: 'pre', rich_text_quote: 'blockquote', rich_text_list: e.style === 'ordered' ? 'ol' : 'ul' }[e.type] || 'div';
  const box = el(tag);
  for (const part of e.elements || []) { if (e.type === 'rich_text_list') { const li = el('li'); li.append(rich(part)); box.append(li); } else box.append(rich(part)); }
  if (e.type === 'rich_text_section') box.style.whiteSpace = 'pre-wrap';
  return box;
}

function element(e, message) {
  if (e.type === 'button') {
    const b = el('button', e.text.text, e.style || '');
    b.onclick = () => { b.disabled = true; post('/workspace/act', { channel: state.channel, user: $('user').value, ts: message.ts, action_id: e.action_id }).then(refresh); };
    return b;
  }
  return e.text ? text(e) : el('span', e.alt_text || e.type);
}

function table(rows) {
  const t = el('table');
  rows.forEach((row, n) => { const tr = el('tr'); for (const c of row) { const cell = el(n ? 'td' : 'th'); cell.append(c.type === 'rich_text' ? rich(c) : el('span', c.text ?? String(c.value ?? ''))); tr.append(cell); } t.append(tr); });
  return t;
}

function block(b, message) {
  switch (b.type) {
    case 'header': return el('h3', b.text.text);
    case 'divider': return el('hr');
    case 'table': case 'data_table': return table(b.rows);
    case 'rich_text': { const d = el('div'); for (const e of b.elements) d.append(rich(e)); return d; }
    case 'context': { const d = el('div', undefined, 'context'); for (const e of b.elements) d.append(element(e, message), ' '); return d; }
    case 'actions': { const d = el('div', undefined, 'actions'); for (const e of b.elements) d.append(element(e, message)); return d; }
    case 'section': { const d = el('div'); if (b.text) d.append(text(b.text)); if (b.fields) { const f = el('div', undefined, 'fields'); for (const x of b.fields) f.append(text(x)); d.append(f); } if (b.accessory) d.append(element(b.accessory, message)); return d; }
    default: return el('div', `[${b.type}]`, 'context');
  }
}

function article(message, inThread) {
  const a = el('article');
  a.append(el('b', message.user), el('time', new Date(parseFloat(message.ts) * 1000).toLocaleTimeString()));
  if (message.ephemeral_to) a.append(el('div', `Only visible to ${message.ephemeral_to}`, 'only'));
  if (message.blocks.length) for (const b of message.blocks) a.append(block(b, message)); else { const d = el('div'); d.append(mrkdwn(message.text)); a.append(d); }
  for (const file of message.files) a.append(el('div', `📄 ${file.name} (${file.size} bytes)`, 'context'));
  if (!inThread && message.reply_count) { const r = el('button', `${message.reply_count} ${message.reply_count === 1 ? 'reply' : 'replies'}`, 'open'); r.onclick = () => open(message.ts); a.append(r); }
  else if (!inThread && !message.ephemeral_to) { const r = el('button', 'Reply in thread', 'open'); r.onclick = () => open(message.ts); a.append(r); }
  return a;
}

function open(ts) { state.thread = ts; $('thread').hidden = false; state.drawn = ''; refresh(); }
const read = async (channel, thread) => (await (await fetch(`/workspace/messages?channel=${channel}&viewer=${$('user').value}${thread ? `&thread_ts=${thread}` : ''}`)).json()).messages;

async function refresh() {
  const all = {};
  for (const name of ['incidents', 'alerts']) all[name] = await read(name);
  const replies = state.thread ? await read(state.channel, state.thread) : [];
  const now = JSON.stringify([all, replies, state.channel]);
  if (now === state.drawn) return;
  state.drawn = now;
  state.seen[state.channel] = all[state.channel].length;
  $('title').textContent = `# ${state.channel}`;
  $('channels').replaceChildren(...Object.keys(all).map((name) => {
    const b = el('button', `# ${name}`, 'channel' + (all[name].length > (state.seen[name] || 0) ? ' unread' : ''));
    if (name === state.channel) b.setAttribute('aria-current', 'true');
    b.onclick = () => { state.channel = name; state.thread = null; $('thread').hidden = true; refresh(); };
    return b;
  }));
  draw($('messages'), all[state.channel].map((m) => article(m, false)));
  draw($('replies'), replies.map((m) => article(m, true)));
}
function draw(box, nodes) { const end = box.scrollHeight - box.scrollTop - box.clientHeight < 80; box.replaceChildren(...nodes); if (end) box.scrollTop = box.scrollHeight; }

async function say(input, thread) {
  const answer = await post('/workspace/send', { channel: state.channel, user: $('user').value, text: input.value, ...(thread ? { thread_ts: thread } : {}) });
  if (answer.ok) input.value = ''; else alert((await answer.json()).error);
  refresh();
}
$('composer').onsubmit = (e) => { e.preventDefault(); say($('text')); };
$('reply').onsubmit = (e) => { e.preventDefault(); say($('replytext'), state.thread); };
$('close').onclick = () => { state.thread = null; $('thread').hidden = true; };
$('user').onchange = () => { state.drawn = ''; refresh(); };
$('rate_limit').onchange = (e) => post('/workspace/faults', { rate_limit: e.target.checked });
$('errors').onchange = (e) => post('/workspace/faults', { errors: e.target.checked ? 0.5 : 0 });
$('drop').onclick = () => post('/workspace/faults', { drop_sockets: true });
setInterval(refresh, 1000);
refresh();
