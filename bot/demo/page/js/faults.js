// What goes wrong on purpose, as buttons; what is on is said above the messages.
import { api } from "./api.js";
import { $, h, iconButton, toast } from "./dom.js";
import { brokenServices, incident, incidentRows } from "./incidents.js";
import { loadFaults, on, state } from "./store.js";

const ALL = ["table", "data_table", "data_visualization", "rich_text", "section", "context", "actions", "header", "divider", "image", "markdown", "container", "card"];

/** @param {string[]} types */
const refuses = (types) => ({
  isOn: (/** @type {any} */ faults) => types.every((type) => faults.refuse_blocks.includes(type)),
  set: (/** @type {any} */ faults, /** @type {boolean} */ on) => ({
    refuse_blocks: on ? [...new Set([...faults.refuse_blocks, ...types])] : faults.refuse_blocks.filter((/** @type {string} */ one) => !types.includes(one)),
  }),
});

/** @param {string} key @param {any} value @param {any} none */
const sets = (key, value, none) => ({
  isOn: (/** @type {any} */ faults) => (Array.isArray(none) ? faults[key].length > 0 : faults[key] !== none),
  set: (/** @type {any} */ _, /** @type {boolean} */ on) => ({ [key]: on ? value : none }),
});

/** @type {{group?: string, id: string, name: string, about: string, isOn: (faults: any) => boolean, set: (faults: any, on: boolean) => any}[]} */
const SWITCHES = [
  { group: "Slack: Web API", id: "rate_limit", name: "429 rate limit", about: "Every write is told to come back in 2 s", ...sets("rate_limit", true, false) },
  { id: "errors", name: "5xx errors", about: "Half of all writes end in a server error", ...sets("errors", 0.5, 0) },
  { id: "slow", name: "Slow", about: "Every call takes 1.5 s", ...sets("delay_ms", 1500, 0) },
  { id: "drop_after_accept", name: "Dropped after accept", about: "Half of all writes are taken, and the connection breaks before the answer", ...sets("drop_after_accept", 0.5, 0) },
  { id: "scope", name: "Scope missing", about: "files:write is taken away", ...sets("withhold", ["files:write"], []) },
  { group: "Slack: refused blocks", id: "refuse_table", name: "table", about: "invalid_blocks for native tables", ...refuses(["table"]) },
  { id: "refuse_data_table", name: "data_table", about: "invalid_blocks for data tables", ...refuses(["data_table"]) },
  { id: "refuse_data_visualization", name: "data_visualization", about: "invalid_blocks for charts", ...refuses(["data_visualization"]) },
  { id: "refuse_all", name: "all blocks", about: "Only text is taken", ...refuses(ALL) },
];

/** @param {Record<string, any>} body */
const put = (body) => api.setFaults(body).then(loadFaults, () => toast("The workspace does not answer."));

const OFF = { rate_limit: false, errors: 0, delay_ms: 0, drop_after_accept: 0, refuse_blocks: [], refuse: "", refuse_history: "", withhold: [] };

async function allOff() {
  await put(OFF);
  if (brokenServices().length) await incident("heal", true, "Heal everything");
}

const active = () => SWITCHES.filter((one) => state.faults.refuse_blocks && one.isOn(state.faults));

function panel() {
  const rows = SWITCHES.map((one) => {
    const on = Boolean(state.faults.refuse_blocks) && one.isOn(state.faults);
    return [one.group ? h("h3", {}, one.group) : null, h("button", {
      type: "button", id: `fault-${one.id}`, class: "switch", "aria-pressed": String(on), onclick: () => put(one.set(state.faults, !on)),
    }, h("span", { class: "knob", "aria-hidden": "true" }), h("b", {}, one.name), h("small", {}, one.about))];
  });
  const drop = h("button", { type: "button", id: "drop", class: "switch", onclick: () => put({ drop_sockets: true }).then(() => toast("Every socket was cut")) },
    h("span", { class: "bolt", "aria-hidden": "true" }, "↯"), h("b", {}, "Drop sockets"), h("small", {}, "Cut every connection once, as a network does"));
  const had = document.activeElement?.id;
  $("faults").replaceChildren(
    h("header", {}, h("h2", {}, "What breaks"),
      h("button", { type: "button", id: "faults-off", class: "button", disabled: !active().length && !brokenServices().length, onclick: allOff }, "All off"), iconButton("Close what breaks", "close", () => openFaults(false))),
    h("p", { class: "hint" }, "Break HuleEdu's services and watch the bot tell you; break Slack and watch it cope."),
    ...incidentRows(), ...rows.flat().filter(Boolean), h("h3", {}, "Slack: Socket Mode"), drop);
  if (had && $("faults").querySelector(`#${CSS.escape(had)}`)) $(had).focus();
}

function banner() {
  const on = active();
  const all = on.some((one) => one.id === "refuse_all");
  const names = on.filter((one) => !all || !/^refuse_(table|data)/.test(one.id)).map((one) => (one.id.startsWith("refuse") ? `refuses ${one.name}` : one.name));
  names.unshift(...brokenServices());
  $("broken").hidden = !names.length;
  document.body.classList.toggle("is-broken", names.length > 0);
  $("broken").replaceChildren(h("b", {}, "Broken on purpose: "), names.join(" · "), " ",
    h("button", { type: "button", class: "link", onclick: allOff }, "All off"));
  $("faults-open").textContent = names.length ? `What breaks (${names.length})` : "What breaks";
  $("faults-open").classList.toggle("on", names.length > 0);
}

/** @param {boolean} open */
export function openFaults(open) {
  $("faults").hidden = !open;
  $("faults-open").setAttribute("aria-expanded", String(open));
  if (open) $("faults").querySelector("button")?.focus(); else $("faults-open").focus();
}

export function faults() {
  $("faults-open").addEventListener("click", () => openFaults($("faults").hidden));
  on("faults", () => { panel(); banner(); });
}
