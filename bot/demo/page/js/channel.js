// The middle pane: a channel or the direct messages, its heading and its message box.
import { composer } from "./composer.js";
import { $, h } from "./dom.js";
import { DM, HOME, canWrite, changed, go, on, state } from "./store.js";
import { stream } from "./stream.js";
import { markRead, readUpTo } from "./unread.js";

const TOPICS = /** @type {Record<string, string>} */ ({
  incidents: "Ask here: answers are seen by everybody",
  alerts: "What batchbot tells by itself, a thread for each thing",
});
const EXAMPLES = ["/batch status 34", "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9", "/queue", "/help"];

let newSince = "";
let shownPlace = "";

function heading() {
  const { place } = state;
  $("title").textContent = place === HOME || place === DM ? "batchbot" : `# ${place}`;
  $("topic").textContent = TOPICS[place] || "";
  $("topic").hidden = place === HOME || place === DM;
  $("tabs").hidden = place !== HOME && place !== DM;
  $("tabs").replaceChildren(...[[HOME, "Home"], [DM, "Messages"]].map(([tab, words]) => h("button", {
    type: "button", role: "tab", "aria-selected": String(place === tab), onclick: () => go(tab),
  }, words)));
}

/** What stands where nothing was said yet. */
function welcome() {
  if (state.place !== "incidents") return h("p", { class: "empty" }, "Nothing here yet.");
  return h("div", { class: "empty" }, h("h2", {}, "Nothing was asked yet"), h("p", {}, "Type in the box below, or try one of these:"),
    h("div", { class: "actions" }, ...EXAMPLES.map((text) => h("button", { type: "button", class: "button", onclick: () => { $("text").value = text; $("text").focus(); } }, text))));
}

export function channel() {
  const show = stream($("messages"), false);
  const write = composer($("composer"), "text", () => null);
  const draw = () => {
    const { place } = state;
    if (place !== shownPlace) { newSince = readUpTo(place); shownPlace = place; heading(); write(); }
    $("messages").hidden = place === HOME;
    $("home").hidden = place !== HOME;
    $("composer").hidden = !canWrite();
    if (place === HOME) return;
    const messages = state.messages[place];
    if (messages) show(messages, place, newSince, welcome());
    if (messages && document.visibilityState === "visible") markRead(place);
  };
  on("messages place", draw);
  on("user", () => { shownPlace = ""; draw(); });
  document.addEventListener("visibilitychange", () => { draw(); changed("place"); });
  draw();
}
