// The bot's marks, drawn: a machine without an emoji font would show empty boxes. The character
// itself stays in the text, for copying and for screen readers.

const SVG = "http://www.w3.org/2000/svg";
/** @typedef {[string, Record<string, string>]} Shape */
/** @param {string} fill @returns {Shape[]} */
const disc = (fill) => [["circle", { cx: "12", cy: "12", r: "9.5", fill }]];
/** @param {string} d @param {string} [stroke] @returns {Shape} */
const line = (d, stroke = "#fff") => ["path", { d, stroke, "stroke-width": "2.6", fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" }];
/** @param {string} fill @returns {Shape} */
const square = (fill) => ["rect", { x: "2.5", y: "2.5", width: "19", height: "19", rx: "4", fill }];
/** @type {Shape} */
const bell = ["path", { d: "M12 3a6 6 0 0 1 6 6v4l2 4H4l2-4V9a6 6 0 0 1 6-6zM9.5 18.5a2.5 2.5 0 0 0 5 0z", fill: "#e0a100" }];
/** @type {Shape[]} */
const clock = [["circle", { cx: "12", cy: "13", r: "8", fill: "#fff", stroke: "#c0392b", "stroke-width": "2.4" }], line("M12 9v4.5l3 2", "#333"), line("M4 5.5 6.5 3M20 5.5 17.5 3", "#c0392b")];
/** @type {Shape[]} */
const glass = [["path", { d: "M6 3h12v3.5L13.5 12 18 17.5V21H6v-3.5L10.5 12 6 6.5z", fill: "#f1d9a7", stroke: "#9a6b1f", "stroke-width": "1.8" }], ["path", { d: "M8.5 19.5 12 15l3.5 4.5zM9 6.5h6L12 10z", fill: "#c98a1b" }]];

/** @type {Record<string, Shape[]>} */
const DRAWN = {
  "🔴": disc("#d92d3a"), "🟠": disc("#e8811a"), "🟡": disc("#e6b800"), "🟢": disc("#2b9a57"), "🔵": disc("#2a74c9"),
  "⚪": [["circle", { cx: "12", cy: "12", r: "9", fill: "#eee", stroke: "#999", "stroke-width": "1.5" }]], "⚫": disc("#333"),
  "✅": [square("#2b9a57"), line("M7 12.5 10.7 16 17 8.5")],
  "✔": [line("M5 12.5 10 17.5 19 7", "#2b9a57")],
  "❌": [line("M6 6 18 18M18 6 6 18", "#d92d3a")],
  "⚠": [["path", { d: "M12 2.8 22.4 21H1.6z", fill: "#f2b600", stroke: "#8a6500", "stroke-width": "1.2", "stroke-linejoin": "round" }], line("M12 9.5v5", "#3a2b00"), line("M12 18h.01", "#3a2b00")],
  "❔": [...disc("#8a8f98"), line("M9.3 9.6a2.8 2.8 0 1 1 4.2 2.4c-1 .6-1.5 1.1-1.5 2.1M12 17.2h.01")],
  "❓": [...disc("#c0392b"), line("M9.3 9.6a2.8 2.8 0 1 1 4.2 2.4c-1 .6-1.5 1.1-1.5 2.1M12 17.2h.01")],
  "ℹ": [square("#2a74c9"), line("M12 11v6M12 7.4h.01")],
  "⏳": glass, "⌛": glass, "⏰": clock,
  "🔔": [bell], "🔕": [bell, line("M4 4 20 20", "#d92d3a")],
  "👀": [["ellipse", { cx: "7", cy: "12", rx: "4.6", ry: "6.4", fill: "#fff", stroke: "#555", "stroke-width": "1.4" }], ["ellipse", { cx: "17", cy: "12", rx: "4.6", ry: "6.4", fill: "#fff", stroke: "#555", "stroke-width": "1.4" }], ["circle", { cx: "6", cy: "12.6", r: "2.3", fill: "#222" }], ["circle", { cx: "16", cy: "12.6", r: "2.3", fill: "#222" }]],
  "💤": [line("M4 13h7l-7 7h7M13.5 4H20l-6.5 6.5H20", "#2a74c9")],
  "🔍": [["circle", { cx: "10", cy: "10", r: "6", fill: "#cfe6ff", stroke: "#555", "stroke-width": "2" }], line("M14.6 14.6 20 20", "#7a4b12")],
  "🚨": [["path", { d: "M6 17v-5a6 6 0 0 1 12 0v5z", fill: "#d92d3a" }], ["rect", { x: "4", y: "17", width: "16", height: "3.6", rx: "1", fill: "#555" }], line("M12 2v1.6M3.6 6l1.4 1M20.4 6 19 7", "#d92d3a")],
  "📄": [["path", { d: "M6 2.5h8L19 8v13.5H6z", fill: "#fff", stroke: "#777", "stroke-width": "1.5" }], line("M9 12h7M9 16h7", "#999")],
  "🌙": [["path", { d: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z", fill: "#e6b800" }]],
};
const KNOWN = new RegExp(`(?:${Object.keys(DRAWN).join("|")})\\ufe0f?`, "gu");
/** Elements that hold text alone. */
const TEXT_ONLY = new Set(["option", "textarea", "title", "style", "text"]);

/** @param {string} mark */
function drawing(mark) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of DRAWN[mark.replace("\ufe0f", "")]) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    picture.append(shape);
  }
  const letter = document.createElement("span");
  letter.append(mark);
  const node = document.createElement("span");
  node.className = "mark";
  node.append(picture, letter);
  return node;
}

/** The same child with each known mark in its text drawn. @param {any} child @param {string} [tag] @returns {any[]} */
export function marked(child, tag = "") {
  const text = typeof child === "string" ? child : child instanceof Text ? child.data : "";
  if (!text || TEXT_ONLY.has(tag) || text.search(KNOWN) < 0) return [child];
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(KNOWN)) {
    if (found.index > from) parts.push(text.slice(from, found.index));
    parts.push(drawing(found[0]));
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}
