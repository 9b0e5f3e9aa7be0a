// Makes elements. Text is only ever set as text, never as markup.
import { marked } from "./marks.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners (`onclick` and so on, as functions) and children.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** @param {any} node @param {Record<string, any>} props @param {any[]} children */
function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...shown.flatMap((child) => marked(child, node.localName)));
  return node;
}

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

const PATHS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  reply: "M21 12a8 8 0 0 1-8 8H4l2.6-3.2A8 8 0 1 1 21 12z",
  trace: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM20 20l-4.8-4.8",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 2v2M12 20v2M4.2 4.2l1.4 1.4M18.4 18.4l1.4 1.4M2 12h2M20 12h2M4.2 19.8l1.4-1.4M18.4 5.6l1.4-1.4",
  auto: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v18",
  help: "M9 9a3 3 0 1 1 4.6 2.5c-1 .7-1.6 1.2-1.6 2.5M12 18h.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  send: "M4 12h14M12 5l7 7-7 7",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  chat: "M4 5h16v11H9l-5 4z",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
};

/**
 * A line icon; decoration only, its button carries the label.
 * @param {keyof typeof PATHS} name
 */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name], "stroke-width": name === "more" ? 3.4 : undefined }));
}

/** @param {string} words @param {keyof typeof PATHS} name @param {(event: Event) => void} onclick @param {Record<string, any>} [more] */
export function iconButton(words, name, onclick, more = {}) {
  return h("button", { type: "button", class: "quiet", "aria-label": words, title: words, onclick, ...more }, icon(name));
}

/** Says something for a moment, at the lower edge. @param {string} words */
export function toast(words) {
  const node = h("div", { class: "toast" }, words);
  $("toasts").append(node);
  node.addEventListener("animationend", () => node.remove());
}

/**
 * A modal dialog; resolves with the value of the button that closed it, empty when cancelled.
 * @param {string} label
 * @param {...any} children
 * @returns {HTMLDialogElement}
 */
export function dialog(label, ...children) {
  const node = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-label": label }, ...children));
  node.addEventListener("close", () => node.remove());
  node.addEventListener("click", (event) => { if (event.target === node) node.close(); });
  document.body.append(node);
  node.showModal();
  return node;
}
