// Channels, direct messages and the app, with what is unread; and who one is.
import { $, h, icon } from "./dom.js";
import { avatar } from "./message.js";
import { DM, HOME, become, go, on, state } from "./store.js";
import { unread } from "./unread.js";

const ROLES = /** @type {Record<string, string>} */ ({
  oncall: "An operator: may ask, acknowledge, snooze.",
  researcher: "May ask; changes are refused.",
  guest: "Not on the list: every question is refused.",
});

function places() {
  const groups = [
    ["Channels", state.about.channels.map((/** @type {string} */ name) => [name, name, icon("hash")])],
    ["Direct messages", [[DM, "batchbot", avatar("batchbot", "small")]]],
    ["Apps", [[HOME, "batchbot Home", icon("home")]]],
  ];
  $("places").replaceChildren(...groups.map(([title, rows]) => h("section", {}, h("h2", {}, title),
    ...rows.map((/** @type {[string, string, Node]} */ row) => entry(...row)))));
  const sum = [...state.about.channels, DM].reduce((total, place) => total + unread(place), 0);
  document.title = `${sum ? `(${sum}) ` : ""}${state.place === HOME ? "batchbot Home" : state.place === DM ? "batchbot" : `#${state.place}`} · batchbot demo workspace`;
}

/** @param {string} place @param {string} name @param {Node} mark */
function entry(place, name, mark) {
  const current = place === state.place;
  const count = current || place === HOME ? 0 : unread(place);
  return h("button", {
    type: "button", class: `place ${count ? "unread" : ""}`, "data-place": place, "aria-current": current ? "page" : undefined,
    onclick: () => { go(place); drawer(false); },
  }, mark, h("span", {}, name), count ? h("span", { class: "count", "aria-label": `${count} unread` }, String(count)) : null);
}

/** Opens or closes the sidebar where it lies over the page. @param {boolean} open */
export function drawer(open) {
  document.body.classList.toggle("drawer", open);
  $("menu").setAttribute("aria-expanded", String(open));
}

function you() {
  $("user").replaceChildren(...state.about.users.map((/** @type {string} */ name) => h("option", { value: name, selected: name === state.user }, name)));
  $("role").textContent = ROLES[state.user] || "";
}

export function sidebar() {
  $("team").textContent = state.about.team;
  $("note").textContent = state.about.note;
  $("note").hidden = !state.about.note;
  $("menu").append(icon("menu"));
  $("menu").addEventListener("click", () => drawer(!document.body.classList.contains("drawer")));
  $("main").addEventListener("click", (/** @type {Event} */ event) => { if (!$("menu").contains(event.target)) drawer(false); });
  $("user").addEventListener("change", () => become($("user").value));
  on("messages place user", places);
  on("user", you);
  you();
  places();
}
