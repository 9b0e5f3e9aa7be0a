// Modals: the view in front of a person's stack, its fields, and what the bot says of them.
import { api } from "./api.js";
import { drawnAll } from "./blocks.js";
import { h, iconButton } from "./dom.js";
import { showErrors } from "./inputs.js";
import { on, state } from "./store.js";
import { forget, surface, valuesOf } from "./views.js";

/** @type {HTMLDialogElement | null} */
let box = null;
let shown = "";

/** @param {boolean} all */
function cancel(all) {
  const view = state.views[state.views.length - 1];
  if (view) { forget(view.id); api.close({ user: state.user, view_id: view.id, all }); }
}

/** @param {any} view @param {HTMLElement} form */
async function submit(view, form) {
  const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("button[type=submit]"));
  const trouble = /** @type {HTMLElement} */ (form.querySelector(".trouble"));
  if (button?.disabled) return;
  busy(button, true);
  trouble.textContent = "";
  const answer = await api.submit({ user: state.user, view_id: view.id, values: valuesOf(view.id) })
    .catch(() => ({ ok: false, error: "The workspace does not answer." }));
  busy(button, false);
  showErrors(form, answer.errors || {});
  if (answer.error) trouble.textContent = `${answer.error}${answer.reason ? ` (${answer.reason})` : ""}`;
  if (answer.ok && answer.response_action !== "push") forget(view.id);
}

/** @param {HTMLButtonElement | null} button @param {boolean} on */
function busy(button, on) {
  if (!button) return;
  button.disabled = on;
  if (on) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
}

/** @param {any} view */
function form(view) {
  const deeper = state.views.length > 1;
  const node = h("form", { class: "modal-form", novalidate: true },
    h("header", {}, deeper ? iconButton("Back", "reply", () => cancel(false)) : null, h("h2", { id: "modal-title" }, view.title.text), iconButton("Close", "close", () => cancel(true))),
    h("div", { class: "blocks modal-body", tabindex: "-1" }, ...drawnAll(view.blocks, surface(view))),
    h("p", { class: "error trouble", role: "alert" }),
    h("div", { class: "foot" },
      h("button", { type: "button", class: "button", onclick: () => cancel(false) }, view.close ? view.close.text : "Cancel"),
      view.submit ? h("button", { type: "submit", class: "button primary" }, view.submit.text) : null));
  node.addEventListener("submit", (event) => { event.preventDefault(); submit(view, node); });
  node.addEventListener("keydown", (event) => {
    const inText = event.target instanceof HTMLTextAreaElement;
    if (event.key === "Enter" && inText && (event.metaKey || event.ctrlKey)) submit(view, node);
  });
  return node;
}

function draw() {
  const view = state.views[state.views.length - 1];
  const sign = view ? `${view.id} ${view.hash} ${state.views.length}` : "";
  if (sign === shown) return;
  shown = sign;
  if (!view) { box?.close(); box?.remove(); box = null; return; }
  if (!box) {
    box = /** @type {HTMLDialogElement} */ (h("dialog", { class: "modal", "aria-labelledby": "modal-title" }));
    box.addEventListener("cancel", (event) => { event.preventDefault(); cancel(false); });
    document.body.append(box);
    box.showModal();
  }
  const focused = document.activeElement?.closest("[data-block]")?.getAttribute("data-block");
  box.replaceChildren(form(view));
  const first = /** @type {HTMLElement | null} */ (
    (focused && box.querySelector(`[data-block="${CSS.escape(focused)}"] [data-action]`)) || box.querySelector(".modal-body input, .modal-body textarea, .modal-body select") || box.querySelector(".modal-body"));
  first?.focus();
}

export function modals() {
  on("views user", draw);
}
