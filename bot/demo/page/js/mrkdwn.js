// Slack's mrkdwn. What stands in angle brackets is read first and entities are decoded after it,
// so that an escaped `&lt;!here&gt;` is text and never a mention.
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { state } from "./store.js";
import { marked } from "./marks.js";
import { formatted } from "./times.js";

/** @param {string} text */
export const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const SHAPE = /```\n?([\s\S]+?)\n?```|`([^`\n]+)`|<([^<>]+)>|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])|:([a-z0-9_+-]+):|(@batchbot)\b/g;

/** @param {string} source @returns {Node[]} */
export function mrkdwn(source) {
  const out = [];
  let quote = /** @type {HTMLElement | null} */ (null);
  for (const [index, line] of fences(source).entries()) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (quoted) {
      if (quote) quote.append("\n"); else out.push(quote = h("blockquote"));
      quote.append(...inline(line.slice(quoted[0].length)).flatMap((child) => marked(child)));
      continue;
    }
    if (index && !quote) out.push(document.createTextNode("\n"));
    quote = null;
    out.push(...inline(line));
  }
  return out;
}

/** Lines, with every fenced block kept as one. @param {string} source */
function fences(source) {
  const lines = [];
  let open = false;
  for (const line of source.split("\n")) {
    if (open) lines[lines.length - 1] += `\n${line}`; else lines.push(line);
    if ((line.match(/```/g) || []).length % 2) open = !open;
  }
  return lines;
}

/** @param {string} source @returns {Node[]} */
function inline(source) {
  /** @type {Node[]} */
  const out = [];
  let at = 0;
  const text = (/** @type {string} */ some) => { if (some) out.push(document.createTextNode(decode(some))); };
  for (const found of source.matchAll(SHAPE)) {
    text(source.slice(at, found.index));
    at = found.index + found[0].length;
    const [, fence, code, angle, bold, italic, strike, name, mention] = found;
    if (fence !== undefined) out.push(h("pre", {}, decode(fence)));
    else if (code !== undefined) out.push(h("code", {}, decode(code)));
    else if (angle !== undefined) out.push(bracket(angle));
    else if (bold !== undefined) out.push(h("b", {}, ...inline(bold)));
    else if (italic !== undefined) out.push(h("i", {}, ...inline(italic)));
    else if (strike !== undefined) out.push(h("s", {}, ...inline(strike)));
    else if (name !== undefined) out.push(emoji(name) || document.createTextNode(`:${name}:`));
    else out.push(h("span", { class: "mention" }, mention));
  }
  text(source.slice(at));
  return out;
}

/** What stands in angle brackets: a date, a mention or a link. @param {string} inner */
function bracket(inner) {
  const [target, label] = splitOnce(inner, "|");
  const date = /^!date\^(\d+)\^([^^]*)(?:\^.*)?$/.exec(target);
  if (date) return time(Number(date[1]), decode(date[2]), decode(label || ""));
  const special = /^!(here|channel|everyone)$/.exec(target);
  if (special) return ping(`@${special[1]}`);
  if (target.startsWith("!subteam^")) return ping(label || "@group");
  if (target.startsWith("@")) return person(target.slice(1), label);
  if (target.startsWith("#")) return h("span", { class: "mention" }, label ? `#${label}` : state.about.ids[target.slice(1)] || "#unknown");
  return link(decode(target), decode(label || target));
}

/** @param {string} id @param {string | undefined} label */
function person(id, label) {
  if (id === "U0BATCHBOT") return h("span", { class: "mention" }, "@batchbot");
  return ping(state.about.ids[id] || `@${label || id}`);
}

/** A mention that notifies somebody: meant to be seen. @param {string} words */
export const ping = (words) => h("span", { class: "mention ping", title: "This notifies people" }, words);

/** @param {number} seconds @param {string} format @param {string} fallback */
export function time(seconds, format, fallback) {
  const at = new Date(seconds * 1000);
  return h("time", { datetime: at.toISOString(), title: fallback || at.toUTCString() }, formatted(seconds, format));
}

/** A link only to the web; anything else stays text. @param {string} url @param {string} words */
export function link(url, words) {
  if (!/^https?:\/\//i.test(url)) return h("span", {}, words);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, words);
}

/** @param {string} text @param {string} mark @returns {[string, string | undefined]} */
function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** A text object. @param {any} object @returns {Node[]} */
export function textOf(object) {
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  if (object.emoji === false) return [document.createTextNode(object.text)];
  return object.text.split(/(:[a-z0-9_+-]+:)/).map((/** @type {string} */ part) =>
    (/^:.+:$/.test(part) && emoji(part.slice(1, -1))) || document.createTextNode(part));
}
