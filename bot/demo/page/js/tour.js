// A tour of a minute: five steps, each of which does something when its button is pressed.
import { api } from "./api.js";
import { $, h, iconButton } from "./dom.js";
import { incident } from "./incidents.js";
import { go, state } from "./store.js";

/** @param {string} text */
const say = (text) => { go("incidents"); return api.send({ channel: "incidents", user: state.user, text }); };

const STEPS = [
  { title: "Ask in your own words", about: "A plain question is read as a command, and the answer says as which.", button: "Ask: why is batch 33 broken?", act: () => say("@batchbot why is batch 33 broken?") },
  { title: "Or by command", about: "Batch 34 was finalised twice, and too early. Its buttons lead on.", button: "Send /batch status 34", act: () => say("/batch status 34") },
  { title: "Break something", about: "The LLM provider's worker restarts and leaves an item behind: what froze the queue that night.", button: "Freeze the queue", act: () => incident("freeze", true, "Freeze the queue") },
  { title: "Be told", about: "Within a minute #alerts says what stands still, why, and what to do. Acknowledge it there.", button: "Go to #alerts", act: () => go("alerts") },
  { title: "Heal it", about: "The queue moves on, and the alert says so by itself. What breaks, above, has six such buttons.", button: "Heal everything", act: () => incident("heal", true, "Heal everything") },
];

/** @param {number} step */
function show(step) {
  const one = STEPS[step];
  if (!one) { close(); return; }
  const next = () => show(step + 1);
  const last = step === STEPS.length - 1;
  $("tour").replaceChildren(
    h("header", {}, h("h2", {}, one.title), h("small", {}, `${step + 1} of ${STEPS.length}`), iconButton("Close the tour", "close", close)),
    h("p", {}, one.about),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "button primary", onclick: async () => { await one.act(); next(); } }, one.button),
      h("button", { type: "button", class: "button", onclick: next }, last ? "Done" : "Skip")));
  $("tour").hidden = false;
  $("tour").querySelector(".primary")?.focus();
}

function close() {
  $("tour").hidden = true;
  $("tour-open").focus();
}

export function tour() {
  $("tour-open").hidden = !state.about.incidents;
  $("tour-open").addEventListener("click", () => show(0));
}
