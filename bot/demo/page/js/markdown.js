// The markdown block: enough of standard Markdown to be read.
import { h } from "./dom.js";
import { link } from "./mrkdwn.js";

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|__([^_\n]+)__|(?<!\w)[*_]([^*_\n]+)[*_](?!\w)|~~([^~\n]+)~~|\[([^\]\n]+)\]\(([^)\s]+)\)/g;

/** @param {string} source @returns {HTMLElement} */
export function markdown(source) {
  const out = h("div", { class: "markdown" });
  const lines = source.split("\n");
  for (let at = 0; at < lines.length;) at = block(lines, at, out);
  return out;
}

/** Draws what begins at a line; returns the line after it. @param {string[]} lines @param {number} at @param {HTMLElement} out */
function block(lines, at, out) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  if (/^\s*```/.test(line)) return fence(lines, at, out);
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) { out.append(h(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2]))); return at + 1; }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) { out.append(h("hr")); return at + 1; }
  if (/^\s*\|/.test(line) && /^\s*\|[\s:|-]+\|?\s*$/.test(lines[at + 1] || "")) return table(lines, at, out);
  if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) return run(lines, at, out, /^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?/, /^\s*\d/.test(line) ? "ol" : "ul", "li");
  if (/^\s*>/.test(line)) return run(lines, at, out, /^\s*> ?/, "blockquote", "div");
  return paragraph(lines, at, out);
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} out */
function fence(lines, at, out) {
  let end = at + 1;
  while (end < lines.length && !/^\s*```/.test(lines[end])) end += 1;
  out.append(h("pre", {}, lines.slice(at + 1, end).join("\n")));
  return end + 1;
}

/** Lines with one mark, as items of one box. @param {string[]} lines @param {number} at @param {HTMLElement} out @param {RegExp} mark @param {string} box @param {string} item */
function run(lines, at, out, mark, box, item) {
  const node = h(box);
  let end = at;
  for (; end < lines.length && mark.test(lines[end]); end += 1) node.append(h(item, {}, ...inline(lines[end].replace(mark, ""))));
  out.append(node);
  return end;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} out */
function table(lines, at, out) {
  const cells = (/** @type {string} */ line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  let end = at + 2;
  const body = h("tbody");
  for (; end < lines.length && /^\s*\|/.test(lines[end]); end += 1) body.append(h("tr", {}, ...cells(lines[end]).map((cell) => h("td", {}, ...inline(cell)))));
  const head = h("thead", {}, h("tr", {}, ...cells(lines[at]).map((cell) => h("th", { scope: "col" }, ...inline(cell)))));
  out.append(h("div", { class: "scroll" }, h("table", {}, head, body)));
  return end;
}

/** @param {string[]} lines @param {number} at @param {HTMLElement} out */
function paragraph(lines, at, out) {
  let end = at;
  while (end < lines.length && lines[end].trim() && !/^\s*(```|#{1,6}\s|>|[-*+]\s|\d+[.)]\s)/.test(lines[end])) end += 1;
  end = Math.max(end, at + 1);
  out.append(h("p", {}, ...inline(lines.slice(at, end).join("\n"))));
  return end;
}

/** @param {string} source @returns {Node[]} */
function inline(source) {
  /** @type {Node[]} */
  const out = [];
  let at = 0;
  for (const found of source.matchAll(INLINE)) {
    out.push(document.createTextNode(source.slice(at, found.index)));
    at = found.index + found[0].length;
    const [, code, bold, bold2, italic, strike, words, url] = found;
    if (code !== undefined) out.push(h("code", {}, code));
    else if (bold ?? bold2) out.push(h("b", {}, ...inline(bold ?? bold2)));
    else if (italic !== undefined) out.push(h("i", {}, ...inline(italic)));
    else if (strike !== undefined) out.push(h("s", {}, ...inline(strike)));
    else out.push(link(url, words));
  }
  out.push(document.createTextNode(source.slice(at)));
  return out;
}
