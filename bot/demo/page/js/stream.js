// A list of messages that is brought up to date without redrawing what stayed the same.
import { $, h } from "./dom.js";
import { article, dismissed } from "./message.js";
import { dateOf, day, sameDay } from "./times.js";

const GROUP_SECONDS = 300;
const NEAR = 90;

/**
 * Shows messages in a box; returns the function that shows newer ones.
 * @param {HTMLElement} box
 * @param {boolean} inThread
 */
export function stream(box, inThread) {
  /** @type {Map<string, {sign: string, node: HTMLElement}>} */
  let drawn = new Map();
  let last = "";
  const jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => { box.scrollTop = box.scrollHeight; jump.hidden = true; } }, "↓ Newest");
  box.addEventListener("scroll", () => { if (atEnd(box)) jump.hidden = true; });
  return (/** @type {any[]} */ messages, /** @type {string} */ place, /** @type {string} */ newSince = "", /** @type {Node | null} */ empty = null) => {
    const key = `${place}`;
    const fresh = key !== last;
    if (fresh) drawn = new Map();
    last = key;
    const stay = !fresh && !atEnd(box);
    const shown = messages.filter((message) => !dismissed.has(message.ts));
    const next = new Map();
    const nodes = [];
    let before = null;
    let marked = false;
    for (const message of shown) {
      nodes.push(...dividers(message, before, newSince, marked, inThread));
      marked ||= Boolean(newSince) && message.ts > newSince;
      const compact = follows(message, before);
      const sign = JSON.stringify([message, compact]);
      const old = drawn.get(message.ts);
      const node = old && old.sign === sign ? old.node : article(message, { place, inThread, compact });
      if (old && old.node !== node && old.node.contains(document.activeElement)) queueMicrotask(() => node.focus());
      next.set(message.ts, { sign, node });
      nodes.push(node);
      if (inThread && message === shown[0] && shown.length > 1) nodes.push(count(shown.length - 1));
      before = message;
    }
    const grown = next.size > drawn.size;
    drawn = next;
    reconcile(box, [...(nodes.length || !empty ? nodes : [empty]), jump]);
    if (!box.querySelector('article[tabindex="0"]')) box.querySelector("article:last-of-type")?.setAttribute("tabindex", "0");
    if (!stay) box.scrollTop = box.scrollHeight;
    else if (grown) jump.hidden = false;
  };
}

/** @param {HTMLElement} box */
const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

/** @param {number} replies */
const count = (replies) => h("div", { class: "rule" }, h("span", {}, `${replies} ${replies === 1 ? "reply" : "replies"}`));

/** Puts nodes in order, moving as few as possible, so that what is in use stays in use. @param {HTMLElement} box @param {Node[]} nodes */
function reconcile(box, nodes) {
  const keep = new Set(nodes);
  for (const child of [...box.childNodes]) if (!keep.has(child)) child.remove();
  nodes.forEach((node, index) => { if (box.childNodes[index] !== node) box.insertBefore(node, box.childNodes[index] || null); });
}

/** @param {any} message @param {any} before */
function follows(message, before) {
  return Boolean(before) && before.user === message.user && before.ephemeral_to === message.ephemeral_to && !before.reply_count
    && message.user !== "batchbot" && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
}

/** @param {any} message @param {any} before @param {string} newSince @param {boolean} marked @param {boolean} inThread */
function dividers(message, before, newSince, marked, inThread) {
  const at = dateOf(message.ts);
  const out = [];
  if (!inThread && (!before || !sameDay(at, dateOf(before.ts)))) out.push(h("div", { class: "rule day" }, h("span", {}, day(at))));
  if (newSince && !marked && message.ts > newSince) out.push(h("div", { class: "rule new" }, h("span", {}, "New")));
  return out;
}

/** Brings a message into view and marks it for a moment. @param {string} ts */
export function show(ts) {
  const node = /** @type {HTMLElement | null} */ ($("messages").querySelector(`[data-ts="${CSS.escape(ts)}"]`));
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.classList.add("found");
  node.focus();
}
