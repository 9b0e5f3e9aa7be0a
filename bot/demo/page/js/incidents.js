// What can be broken in HuleEdu's simulated services, as buttons beside Slack's own faults.
import { api } from "./api.js";
import { h, toast } from "./dom.js";
import { loadIncidents, state } from "./store.js";

/** @param {string} name @param {boolean} on @param {string} title */
export async function incident(name, on, title) {
  const answer = await api.setIncident({ name, on }).catch(() => ({ ok: false, error: "The workspace does not answer." }));
  toast(answer.ok ? `${title}: ${on ? "done" : "mended"}` : answer.error);
  await loadIncidents();
  return answer.ok;
}

/** @returns {HTMLElement[]} */
export function incidentRows() {
  if (!state.incidents.length) return [];
  return [h("h3", {}, "HuleEdu's services"), ...state.incidents.map((/** @type {any} */ one) => h("button", {
    type: "button", id: `incident-${one.name}`, class: "switch", "aria-pressed": one.moment ? undefined : String(one.on),
    onclick: () => incident(one.name, one.moment || !one.on, one.title),
  }, h("span", { class: one.moment ? "bolt" : "knob", "aria-hidden": "true" }, one.moment ? "↯" : ""), h("b", {}, one.title), h("small", {}, one.about)))];
}

/** The names of what is broken now. @returns {string[]} */
export const brokenServices = () => state.incidents.filter((/** @type {any} */ one) => one.on).map((/** @type {any} */ one) => one.title);
