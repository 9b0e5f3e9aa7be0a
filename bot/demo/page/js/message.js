// One message: who, when, what, its thread, and what can be done with it.
import { api } from "./api.js";
import { drawnAll } from "./blocks.js";
import { dialog, h, iconButton, icon, toast } from "./dom.js";
import { fileCard } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";
import { openThread, state } from "./store.js";
import { clock, dateOf, day } from "./times.js";

const COLOURS = /** @type {Record<string, string>} */ ({ oncall: "c1", researcher: "c2", guest: "c3", slackbot: "c4", batchbot: "bot" });

/** Ephemeral messages that somebody put away, as in Slack. @type {Set<string>} */
export const dismissed = new Set();

/** @param {string} name @param {string} [more] */
export function avatar(name, more = "") {
  return h("span", { class: `avatar ${COLOURS[name] || "c4"} ${more}`, "aria-hidden": "true" }, name === "batchbot" ? "b" : name.slice(0, 1).toUpperCase());
}

/**
 * @param {any} message
 * @param {{place: string, inThread: boolean, compact: boolean}} where
 */
export function article(message, where) {
  const at = dateOf(message.ts);
  const stamp = h("time", { datetime: at.toISOString(), title: at.toLocaleString("en-GB") }, clock(at));
  const classes = ["message", where.compact ? "compact" : "", message.ephemeral_to ? "ephemeral" : "", message.user === "batchbot" ? "by-bot" : ""];
  return h("article", { class: classes.filter(Boolean).join(" "), tabindex: "-1", "data-ts": message.ts, "aria-label": `${message.user}, ${clock(at)}` },
    h("div", { class: "margin" }, where.compact ? stamp : avatar(message.user)),
    h("div", { class: "content" },
      message.ephemeral_to ? only(message) : null,
      where.compact ? null : h("div", { class: "who" }, h("b", {}, message.user), /^(batchbot|slackbot)$/.test(message.user) ? h("span", { class: "badge" }, "App") : null, stamp),
      body(message, where.place),
      message.files.map(fileCard),
      where.inThread ? null : threadLine(message)),
    toolbar(message, where));
}

/** @param {any} message */
function only(message) {
  return h("p", { class: "only" }, icon("eye"), `Only visible to ${message.ephemeral_to === state.user ? "you" : message.ephemeral_to} · `,
    h("button", { type: "button", class: "link", onclick: (/** @type {Event} */ event) => {
      dismissed.add(message.ts);
      /** @type {HTMLElement} */ (event.currentTarget).closest("article")?.remove();
    } }, "Dismiss"));
}

/** @param {any} message @param {string} place */
function body(message, place) {
  const edited = message.edited ? h("small", { class: "edited", title: "This message was edited" }, "(edited)") : null;
  if (!message.blocks.length) return message.text ? h("div", { class: "text" }, ...mrkdwn(message.text), edited && " ", edited) : null;
  return h("div", { class: "blocks" }, ...drawnAll(message.blocks, surface(message, place)), edited);
}

/** @param {any} message @param {string} place @returns {import("./elements.js").Surface} */
function surface(message, place) {
  return {
    press: async (element, block, value) => {
      const doing = { channel: place, user: state.user, ts: message.ts, action_id: element.action_id, block_id: block.block_id, value };
      const answer = await api.act(doing);
      if (!answer.ok) toast(answer.error);
    },
  };
}

/** @param {any} message */
function threadLine(message) {
  if (!message.reply_count) return null;
  const last = dateOf(message.latest_reply);
  const words = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "thread-line", onclick: () => openThread(message.ts) },
    ...message.reply_users.map((/** @type {string} */ name) => avatar(name, "small")),
    h("b", {}, words), h("span", {}, `Last reply ${day(last) === "Today" ? "" : `${day(last)} `}${clock(last)}`));
}

/** @param {any} message @param {{place: string, inThread: boolean}} where */
function toolbar(message, where) {
  const shortcuts = state.about.shortcuts.filter((/** @type {any} */ one) => one.type === "message");
  const run = (/** @type {any} */ one) => api.act({ channel: where.place, user: state.user, ts: message.ts, callback_id: one.callback_id })
    .then((answer) => toast(answer.ok ? `${one.name}: asked batchbot` : answer.error));
  const thread = !where.inThread && !message.ephemeral_to ? iconButton("Reply in thread", "reply", () => openThread(message.ts)) : null;
  const acts = message.ephemeral_to ? [] : shortcuts.map((/** @type {any} */ one) => iconButton(one.name, "trace", () => run(one)));
  return h("div", { class: "toolbar", role: "toolbar", "aria-label": "Message actions" }, thread, ...acts,
    iconButton("More", "more", () => more(message, where)));
}

/** What else: its address, its text, and the very blocks that the bot sent. @param {any} message @param {{place: string}} where */
function more(message, where) {
  const copy = (/** @type {string} */ text, /** @type {string} */ words) => navigator.clipboard.writeText(text).then(() => toast(words), () => toast("The browser does not let me copy."));
  const sent = JSON.stringify({ text: message.text, blocks: message.blocks }, null, 2);
  const box = dialog("Message", h("h2", {}, `Message of ${message.user}`),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "button", onclick: () => copy(`${location.origin}/#${where.place}/${message.ts}`, "Link copied") }, "Copy link"),
      h("button", { type: "button", class: "button", onclick: () => copy(message.text, "Text copied") }, "Copy text"),
      h("button", { type: "button", class: "button", onclick: () => copy(sent, "JSON copied") }, "Copy JSON")),
    h("p", { class: "hint" }, "What was sent, as the Web API took it:"),
    h("pre", { class: "source", tabindex: "0" }, sent),
    h("form", { method: "dialog", class: "foot" }, h("button", { class: "button primary" }, "Close")));
  box.classList.add("wide");
}
