// input blocks: a label, the element, a hint, and room for what is wrong with it.
import { h } from "./dom.js";
import { field, select, ticks, valueOf } from "./elements.js";

/** @typedef {import("./elements.js").Surface} Surface */

let count = 0;

/** @param {any} block @param {Surface} surface @returns {HTMLElement} */
export function inputBlock(block, surface) {
  const { element } = block;
  const id = `input-${count += 1}`;
  const node = control(element, surface.held?.(block, element));
  const keep = () => surface.keep?.(block, element, valueOf(node));
  node.addEventListener("input", keep);
  node.addEventListener("change", () => { keep(); if (block.dispatch_action) surface.press(element, block, valueOf(node)); });
  node.id = id;
  node.setAttribute("data-action", element.action_id || "");
  node.setAttribute("aria-describedby", `${id}-error ${id}-hint`);
  node.setAttribute("aria-label", block.label.text);
  return h("div", { class: "input", "data-block": block.block_id },
    h("label", { for: id }, block.label.text, block.optional ? h("small", {}, " (optional)") : null),
    node,
    h("p", { class: "error", id: `${id}-error`, role: "alert" }),
    block.hint ? h("p", { class: "hint", id: `${id}-hint` }, block.hint.text) : null);
}

/** @param {any} element @param {any} held */
function control(element, held) {
  if (element.type === "static_select") return select(element, held);
  if (element.type === "radio_buttons") return ticks(element, "radio", held);
  if (element.type === "checkboxes" || element.type === "multi_static_select") return ticks(element, "checkbox", held);
  return field(element, held);
}

/** Shows errors by block id under their fields; true when each found its place. @param {HTMLElement} box @param {Record<string, string>} errors */
export function showErrors(box, errors) {
  for (const input of box.querySelectorAll("[data-block]")) {
    const words = errors[input.getAttribute("data-block") || ""] || "";
    const place = input.querySelector(".error");
    if (place) place.textContent = words;
    input.querySelector("[data-action]")?.setAttribute("aria-invalid", String(Boolean(words)));
  }
  /** @type {HTMLElement | null} */ (box.querySelector("[aria-invalid=true]"))?.focus();
}
