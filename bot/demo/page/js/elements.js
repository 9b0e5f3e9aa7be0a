// What a person can act on in a block: buttons, menus, pickers; each press asks first if it should.
import { dialog, h, iconButton } from "./dom.js";
import { picture } from "./files.js";
import { textOf } from "./mrkdwn.js";

/**
 * Where elements stand: `press` tells the bot, `held` gives what was chosen before.
 * @typedef {{press: (element: any, block: any, value?: any) => Promise<void>, held?: (block: any, element: any) => any,
 *   keep?: (block: any, element: any, value: any) => void}} Surface
 */

/** @param {any} element @param {any} block @param {Surface} surface @returns {HTMLElement} */
export function active(element, block, surface) {
  switch (element.type) {
    case "button": case "workflow_button": return button(element, block, surface);
    case "overflow": return overflow(element, block, surface);
    case "image": return picture(element, "thumb");
    case "static_select": return acting(select(element, surface.held?.(block, element)), element, block, surface);
    case "multi_static_select": case "checkboxes": return acting(ticks(element, "checkbox", surface.held?.(block, element)), element, block, surface);
    case "radio_buttons": return acting(ticks(element, "radio", surface.held?.(block, element)), element, block, surface);
    default: return acting(field(element, surface.held?.(block, element)), element, block, surface);
  }
}

/** @param {any} element @param {any} block @param {Surface} surface */
function button(element, block, surface) {
  const node = /** @type {HTMLButtonElement} */ (h("button", {
    type: "button", class: `button ${element.style || ""}`, "data-action": element.action_id,
    "aria-label": element.accessibility_label,
  }, ...textOf(element.text)));
  node.addEventListener("click", async () => {
    if (!(await agreed(element.confirm))) return;
    node.setAttribute("aria-busy", "true");
    node.disabled = true;
    await surface.press(element, block);
    setTimeout(() => { node.removeAttribute("aria-busy"); node.disabled = false; }, 800);
  });
  if (element.url && /^https?:/i.test(element.url)) node.addEventListener("click", () => window.open(element.url, "_blank", "noopener"));
  return node;
}

/** Asks the confirm dialog's question. @param {any} confirm @returns {Promise<boolean>} */
export function agreed(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const yes = h("button", { type: "submit", value: "yes", class: `button ${confirm.style === "danger" ? "danger" : "primary"}` }, confirm.confirm.text);
    const no = h("button", { type: "submit", value: "", class: "button" }, confirm.deny.text);
    const box = dialog(confirm.title.text, h("form", { method: "dialog" },
      h("h2", {}, confirm.title.text), h("p", {}, ...textOf(confirm.text)), h("div", { class: "foot" }, no, yes)));
    box.addEventListener("close", () => resolve(box.returnValue === "yes"));
  });
}

/** @param {any} element @param {any} block @param {Surface} surface */
function overflow(element, block, surface) {
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, ...element.options.map((/** @type {any} */ option) => h("button", {
    type: "button", role: "menuitem",
    onclick: async () => { show(false); if (await agreed(element.confirm)) surface.press(element, block, option.value); },
  }, ...textOf(option.text))));
  const opener = iconButton("More actions", "more", () => show(Boolean(menu.hidden)), { "aria-haspopup": "menu", "aria-expanded": "false" });
  const box = h("span", { class: "overflow" }, opener, menu);
  const show = (/** @type {boolean} */ open) => {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) /** @type {HTMLElement} */ (menu.firstElementChild)?.focus(); else opener.focus();
  };
  box.addEventListener("keydown", (event) => { if (event.key === "Escape" && !menu.hidden) { event.stopPropagation(); show(false); } });
  box.addEventListener("focusout", (event) => { if (!box.contains(/** @type {Node} */ (event.relatedTarget))) menu.hidden = true; });
  return box;
}

/** Options, also those in groups. @param {any} element @returns {any[]} */
export const optionsOf = (element) => [...(element.options || []), ...(element.option_groups || []).flatMap((/** @type {any} */ group) => group.options)];

/** @param {any} element @param {any} held */
export function select(element, held) {
  const chosen = held ?? element.initial_option?.value ?? "";
  const one = (/** @type {any} */ option) => h("option", { value: option.value, selected: option.value === chosen }, option.text.text);
  const groups = (element.option_groups || []).map((/** @type {any} */ group) => h("optgroup", { label: group.label.text }, ...group.options.map(one)));
  return h("select", { "aria-label": element.placeholder?.text || "Choose" },
    h("option", { value: "", selected: !chosen }, element.placeholder?.text || "Choose …"), ...(element.options || []).map(one), ...groups);
}

let groupCount = 0;

/** Radio buttons or checkboxes; the value is one option's, or a list of them. @param {any} element @param {"radio" | "checkbox"} type @param {any} held */
export function ticks(element, type, held) {
  const name = `ticks-${groupCount += 1}`;
  const initial = type === "radio" ? element.initial_option?.value : (element.initial_options || []).map((/** @type {any} */ one) => one.value);
  const chosen = held ?? initial;
  return h("div", { class: "ticks", role: type === "radio" ? "radiogroup" : "group" }, ...optionsOf(element).map((option) => h("label", {},
    h("input", { type, name, value: option.value, checked: Array.isArray(chosen) ? chosen.includes(option.value) : chosen === option.value }),
    h("span", {}, ...textOf(option.text), option.description ? h("small", {}, ...textOf(option.description)) : null))));
}

const INPUT_TYPES = /** @type {Record<string, string>} */ ({ number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" });

/** @param {any} element @param {any} held */
export function field(element, held) {
  const value = held ?? element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  const common = { placeholder: element.placeholder?.text, maxlength: element.max_length, minlength: element.min_length, value };
  if (element.multiline) return h("textarea", { rows: "4", ...common });
  const known = element.type === "plain_text_input" || INPUT_TYPES[element.type];
  if (!known) return h("span", { class: "unknown" }, `[${element.type}]`);
  return h("input", { type: INPUT_TYPES[element.type] || "text", spellcheck: "false", ...common });
}

/** What a node made above holds now. @param {HTMLElement} node @returns {any} */
export function valueOf(node) {
  if (!node.classList.contains("ticks")) return /** @type {any} */ (node).value ?? "";
  const on = /** @type {HTMLInputElement[]} */ ([...node.querySelectorAll("input:checked")]).map((input) => input.value);
  return node.getAttribute("role") === "radiogroup" ? on[0] ?? "" : on;
}

/** @param {HTMLElement} node @param {any} element @param {any} block @param {Surface} surface */
function acting(node, element, block, surface) {
  node.setAttribute("data-action", element.action_id || "");
  node.addEventListener("change", async () => {
    const value = valueOf(node);
    surface.keep?.(block, element, value);
    if (await agreed(element.confirm)) surface.press(element, block, value);
  });
  return node;
}
