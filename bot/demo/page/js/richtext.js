// rich_text with every kind of element.
import { h } from "./dom.js";
import { emojiElement } from "./emoji.js";
import { link, ping, time } from "./mrkdwn.js";
import { state } from "./store.js";

const TAGS = /** @type {const} */ ([["code", "code"], ["bold", "b"], ["italic", "i"], ["strike", "s"], ["underline", "u"], ["highlight", "mark"], ["client_highlight", "mark"]]);

/** @param {any} block */
export const richText = (block) => h("div", { class: "rich" }, ...parts(block.elements));

/** @param {any[]} elements @returns {Node[]} */
function parts(elements) {
  /** @type {Node[]} */
  const out = [];
  for (const part of elements) {
    const last = out[out.length - 1];
    const nested = part.type === "rich_text_list" && part.indent && last instanceof HTMLElement && /^[OU]L$/.test(last.tagName);
    if (nested) deepest(/** @type {HTMLElement} */ (last), part.indent).append(list(part));
    else out.push(piece(part));
  }
  return out;
}

/** The list item at one level less than `indent`, to hang a deeper list on. @param {HTMLElement} top @param {number} indent */
function deepest(top, indent) {
  let at = top.lastElementChild || top;
  for (let level = 1; level < indent; level += 1) {
    const inner = at.lastElementChild;
    if (!inner || !/^[OU]L$/.test(inner.tagName) || !inner.lastElementChild) break;
    at = inner.lastElementChild;
  }
  return at;
}

/** @param {any} part @returns {Node} */
function piece(part) {
  switch (part.type) {
    case "rich_text_section": return h("div", { class: "line" }, ...part.elements.map(leaf));
    case "rich_text_preformatted": return h("pre", {}, ...part.elements.map(leaf));
    case "rich_text_quote": return h("blockquote", {}, ...part.elements.map(leaf));
    case "rich_text_list": return list(part);
    default: return leaf(part);
  }
}

/** @param {any} part */
function list(part) {
  const items = part.elements.map((/** @type {any} */ item) => h("li", {}, ...item.elements.map(leaf)));
  if (part.style !== "ordered") return h("ul", {}, ...items);
  return h("ol", { start: (part.offset || 0) + 1 }, ...items);
}

/** @param {any} element @returns {Node} */
function leaf(element) {
  return styled(plainLeaf(element), element.style || {});
}

/** @param {any} element @returns {Node} */
function plainLeaf(element) {
  switch (element.type) {
    case "text": return document.createTextNode(element.text);
    case "link": return link(element.url, element.text || element.url);
    case "emoji": return emojiElement(element);
    case "date": return time(element.timestamp, element.format, element.fallback || "");
    case "user": return element.user_id === "U0BATCHBOT" ? h("span", { class: "mention" }, "@batchbot") : ping(state.about.ids[element.user_id] || "@unknown");
    case "usergroup": return ping("@group");
    case "team": return h("span", { class: "mention" }, "@team");
    case "broadcast": return ping(`@${element.range}`);
    case "channel": return h("span", { class: "mention" }, state.about.ids[element.channel_id] || "#unknown");
    case "color": return colour(element.value);
    default: return h("span", { class: "unknown" }, `[${element.type}]`);
  }
}

/** @param {string} value */
function colour(value) {
  const swatch = h("span", { class: "swatch" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) swatch.style.backgroundColor = value;
  return h("span", {}, swatch, value);
}

/** @param {Node} node @param {Record<string, boolean>} style */
function styled(node, style) {
  return TAGS.reduce((/** @type {Node} */ inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}
