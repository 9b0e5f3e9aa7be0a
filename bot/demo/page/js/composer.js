// The message box: Enter sends, Shift+Enter breaks the line, arrow up brings back what was typed.
import { api } from "./api.js";
import { complete } from "./complete.js";
import { h, icon } from "./dom.js";
import { DM, state } from "./store.js";

const KEPT = 50;
/** @type {Map<string, string>} */
const drafts = new Map();

const history = () => /** @type {string[]} */ (JSON.parse(localStorage.getItem(`typed ${state.user}`) || "[]"));

/** @param {string} text */
function remember(text) {
  const kept = [...history().filter((one) => one !== text), text].slice(-KEPT);
  localStorage.setItem(`typed ${state.user}`, JSON.stringify(kept));
}

/**
 * Builds the box into a form; returns the function to call when another place is shown.
 * @param {HTMLElement} form
 * @param {string} id
 * @param {() => string | null} thread
 */
export function composer(form, id, thread) {
  const list = h("ul", { class: "offers", id: `${id}-offers`, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const usage = h("p", { class: "usage", hidden: true });
  const trouble = h("p", { class: "error", role: "alert" });
  const box = /** @type {HTMLTextAreaElement} */ (h("textarea", {
    id, rows: "1", spellcheck: "false", enterkeyhint: "send", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-offers`,
  }));
  form.replaceChildren(trouble, list, usage, h("div", { class: "box" }, box, h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"))));
  const self = { box, list, usage, trouble, thread, offers: /** @type {import("./complete.js").Offer[]} */ ([]), chosen: 0, past: -1, key: "" };
  box.addEventListener("input", () => { self.past = -1; trouble.textContent = ""; offer(self); });
  box.addEventListener("keydown", (event) => keys(event, self));
  box.addEventListener("blur", () => hide(self));
  box.addEventListener("focus", () => offer(self));
  form.addEventListener("submit", (event) => { event.preventDefault(); send(self); });
  return () => {
    if (self.key) drafts.set(self.key, box.value);
    self.key = `${state.user} ${state.place} ${thread() || ""}`;
    box.value = drafts.get(self.key) || "";
    trouble.textContent = "";
    const where = state.place === DM ? "batchbot" : `#${state.place}`;
    const words = thread() ? "Reply … @batchbot works here" : `Message ${where}`;
    box.placeholder = words;
    box.setAttribute("aria-label", words);
    hide(self);
    grow(box);
  };
}

/** @param {HTMLTextAreaElement} box */
function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
}

/** @param {any} self */
function hide(self) {
  self.offers = [];
  self.list.hidden = self.usage.hidden = true;
  self.box.setAttribute("aria-expanded", "false");
  self.box.removeAttribute("aria-activedescendant");
}

/** @param {any} self */
function offer(self) {
  grow(self.box);
  const { offers, usage } = complete(self.box.value, Boolean(self.thread()));
  self.offers = offers;
  self.chosen = 0;
  self.usage.textContent = usage;
  self.usage.hidden = !usage;
  draw(self);
}

/** @param {any} self */
function draw(self) {
  self.list.hidden = !self.offers.length;
  self.box.setAttribute("aria-expanded", String(Boolean(self.offers.length)));
  self.list.replaceChildren(...self.offers.map((/** @type {import("./complete.js").Offer} */ one, /** @type {number} */ index) => h("li", {
    id: `${self.list.id}-${index}`, role: "option", "aria-selected": String(index === self.chosen),
    onmousedown: (/** @type {Event} */ event) => { event.preventDefault(); self.chosen = index; take(self); },
  }, h("b", {}, one.label), h("code", {}, one.hint), h("span", {}, one.about))));
  if (self.offers.length) self.box.setAttribute("aria-activedescendant", `${self.list.id}-${self.chosen}`);
  self.list.children[self.chosen]?.scrollIntoView({ block: "nearest" });
}

/** @param {any} self */
function take(self) {
  self.box.value = self.offers[self.chosen].insert;
  offer(self);
}

/** @param {KeyboardEvent} event @param {any} self */
function keys(event, self) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (self.offers.length && step) {
    event.preventDefault();
    self.chosen = (self.chosen + step + self.offers.length) % self.offers.length;
    draw(self);
  } else if (self.offers.length && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
    event.preventDefault();
    take(self);
  } else if (event.key === "Escape" && (self.offers.length || !self.usage.hidden)) {
    event.stopPropagation();
    hide(self);
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send(self);
  } else if (step && (self.past >= 0 || (step < 0 && !self.box.value))) recall(event, self, -step);
}

/** @param {KeyboardEvent} event @param {any} self @param {number} step */
function recall(event, self, step) {
  const typed = history().reverse();
  const next = self.past + step;
  if (next >= typed.length) return;
  event.preventDefault();
  self.past = Math.max(-1, next);
  self.box.value = self.past < 0 ? "" : typed[self.past];
  grow(self.box);
}

/** @param {any} self */
async function send(self) {
  const text = self.box.value.trim();
  if (!text) return;
  const thread = self.thread();
  hide(self);
  const answer = await api.send({ channel: state.place, user: state.user, text, ...(thread ? { thread_ts: thread } : {}) })
    .catch(() => ({ ok: false, error: "The workspace does not answer. Is the demo still running?" }));
  if (!answer.ok) { self.trouble.textContent = answer.error; return; }
  remember(text);
  self.box.value = "";
  self.past = -1;
  grow(self.box);
}
