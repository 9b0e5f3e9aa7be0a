// One small line: is the bot there, how fast it acknowledges, and whom its messages would notify.
import { $, h } from "./dom.js";
import { on, state } from "./store.js";

/** @param {number | null | undefined} ms */
const words = (ms) => (ms === null || ms === undefined ? "–" : `${Math.round(ms)} ms`);

function draw() {
  const { stats, online } = state;
  if (!online) { $("status").replaceChildren(h("span", { class: "lamp off" }), "The workspace does not answer; connecting again …"); return; }
  const here = stats.sockets > 0;
  $("status").replaceChildren(
    h("span", { class: `lamp ${here ? "" : "off"}` }),
    h("span", {}, here ? "batchbot connected" : "batchbot is not connected", h("span", { class: "roomy" }, ` (${stats.sockets ?? 0} sockets)`)),
    h("span", {}, `ack ${words(stats.ack_last_ms)}`, h("span", { class: "roomy" }, `, median ${words(stats.ack_p50_ms)}, slowest ${words(stats.ack_max_ms)}`)),
    h("span", { title: "Mentions in the bot's messages that would have notified people" }, `would have notified ${stats.would_have_notified ?? 0}`));
}

export function status() {
  on("stats", draw);
}
