// The keyboard: everything that the mouse can do; `?` says how.
import { $, dialog, h, icon } from "./dom.js";
import { openFaults } from "./faults.js";
import { drawer } from "./sidebar.js";
import { DM, HOME, go, openThread, state } from "./store.js";
import { turnTheme } from "./theme.js";

const HELP = [
  ["In the message box", [
    ["Enter", "send"], ["Shift + Enter", "new line"], ["↑", "what you typed before (in an empty box)"],
    ["/ or @", "commands and @batchbot, with Tab or Enter to take one"], ["Escape", "leave the box for the messages"],
  ]],
  ["Among messages", [
    ["j / k or ↓ / ↑", "next, previous message"], ["t or Enter", "open its thread"], ["r", "reply in its thread"],
    ["x", "Trace this"], ["m", "more: link, text, JSON"], ["Tab", "into its buttons"], ["End", "newest message"],
  ]],
  ["Anywhere", [
    ["/", "to the message box"], ["Alt + ↓ / ↑", "next, previous channel"], ["f", "what breaks"], ["d", "light, dark, automatic"],
    ["Escape", "close what is open"], ["?", "this help"],
  ]],
];

export function help() {
  dialog("Keyboard shortcuts", h("h2", {}, "Keyboard shortcuts"),
    h("div", { class: "key-help" }, ...HELP.map(([title, rows]) => h("section", {}, h("h3", {}, /** @type {string} */ (title)),
      h("dl", {}, .../** @type {string[][]} */ (rows).map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]))))),
    h("form", { method: "dialog", class: "foot" }, h("button", { class: "button primary" }, "Close"))).classList.add("wide");
}

const typing = (/** @type {EventTarget | null} */ target) => target instanceof HTMLElement && Boolean(target.closest("input, textarea, select, [role=menu]"));

const current = () => /** @type {HTMLElement | null} */ (document.activeElement?.closest("article.message"));

/** @param {HTMLElement | null | undefined} node */
function focusOn(node) {
  if (!node) return;
  for (const other of node.parentElement?.querySelectorAll("article[tabindex='0']") || []) other.setAttribute("tabindex", "-1");
  node.setAttribute("tabindex", "0");
  node.focus();
  node.scrollIntoView({ block: "nearest" });
}

/** @param {number} by */
function move(by) {
  const here = current();
  const box = here?.parentElement || $(state.thread ? "replies" : "messages");
  const all = /** @type {HTMLElement[]} */ ([...box.querySelectorAll("article.message")]);
  const at = here ? all.indexOf(here) : all.length;
  focusOn(all[Math.max(0, Math.min(all.length - 1, at + by))]);
}

/** @param {number} by */
function place(by) {
  const all = [...state.about.channels, DM, HOME];
  go(all[(all.indexOf(state.place) + by + all.length) % all.length]);
}

function escape() {
  if (document.body.classList.contains("drawer")) drawer(false);
  else if (!$("faults").hidden) openFaults(false);
  else if (typing(document.activeElement)) focusOn(/** @type {HTMLElement | null} */ ([...(document.activeElement?.closest("#thread") ? $("replies") : $("messages")).querySelectorAll("article.message")].pop()));
  else if (state.thread) { const head = state.thread; openThread(null); focusOn($("messages").querySelector(`[data-ts="${CSS.escape(head)}"]`)); }
  else $("text").focus();
}

/** @param {string} label */
const press = (label) => /** @type {HTMLElement | null | undefined} */ (current()?.querySelector(`.toolbar [aria-label="${label}"]`))?.click();

function thread() {
  const here = current();
  if (here && here.closest("#messages") && !here.classList.contains("ephemeral")) openThread(here.getAttribute("data-ts"));
  else if (here) $("replytext").focus();
}

/** @type {Record<string, () => void>} */
const KEYS = {
  "?": help,
  "/": () => $(state.thread ? "replytext" : "text").focus(),
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), End: () => move(1e6), Home: () => move(-1e6),
  t: thread, r: thread, x: () => press("Trace this"), m: () => press("More"),
  f: () => openFaults($("faults").hidden), d: turnTheme,
};

/** @param {KeyboardEvent} event */
function down(event) {
  if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
  if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); place(event.key === "ArrowDown" ? 1 : -1); return; }
  if (event.key === "Escape") { escape(); return; }
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const onMessage = event.target instanceof HTMLElement && event.target.matches("article.message");
  if (event.key === "Enter" && onMessage) { event.preventDefault(); thread(); return; }
  const run = KEYS[event.key];
  if (!run || (/^(Arrow|End|Home)/.test(event.key) && !onMessage)) return;
  event.preventDefault();
  run();
}

export function keys() {
  $("help").append(icon("help"));
  $("help").addEventListener("click", help);
  document.addEventListener("keydown", down);
}
