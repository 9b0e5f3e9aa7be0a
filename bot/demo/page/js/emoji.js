// The emoji names that are used here; an unknown one stays as it was written.
import { h } from "./dom.js";

/** @type {Record<string, string>} */
const NAMES = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", red_circle: "🔴", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", white_circle: "⚪", black_circle: "⚫",
  bell: "🔔", no_bell: "🔕", eyes: "👀", mag: "🔍", hourglass: "⌛", hourglass_flowing_sand: "⏳", question: "❓",
  grey_question: "❔", information_source: "ℹ️", rotating_light: "🚨", fire: "🔥", rocket: "🚀", robot_face: "🤖",
  wave: "👋", tada: "🎉", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", page_facing_up: "📄", paperclip: "📎",
  bar_chart: "📊", chart_with_upwards_trend: "📈", clock1: "🕐", zzz: "💤", arrow_right: "➡️", link: "🔗", package: "📦",
};

/** @param {string} name */
export function emoji(name) {
  const found = NAMES[name];
  return found ? h("span", { role: "img", "aria-label": name.replaceAll("_", " ") }, found) : null;
}

/** From the code points that rich text carries. @param {any} element */
export function emojiElement(element) {
  const points = String(element.unicode || "").split("-").map((part) => parseInt(part, 16)).filter(Number.isFinite);
  if (points.length) return h("span", { role: "img", "aria-label": element.name }, String.fromCodePoint(...points));
  return emoji(element.name) || h("span", {}, `:${element.name}:`);
}
