// Light, dark, or as the system has it.
import { $, icon } from "./dom.js";

const MODES = /** @type {const} */ (["auto", "light", "dark"]);
const ICONS = /** @type {const} */ ({ auto: "auto", light: "sun", dark: "moon" });

const mode = () => /** @type {"auto" | "light" | "dark"} */ (localStorage.getItem("theme") || "auto");

function apply() {
  const now = mode();
  if (now === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", now);
  $("theme").replaceChildren(icon(ICONS[now]));
  $("theme").setAttribute("aria-label", `Theme: ${now}`);
  $("theme").title = `Theme: ${now} (d)`;
}

export function turnTheme() {
  localStorage.setItem("theme", MODES[(MODES.indexOf(mode()) + 1) % MODES.length]);
  apply();
}

export function theme() {
  $("theme").addEventListener("click", turnTheme);
  apply();
}
