// The younger blocks: alert, card, carousel, container, task_card, plan, video, file.
import { h } from "./dom.js";
import { active } from "./elements.js";
import { picture } from "./files.js";
import { link, textOf } from "./mrkdwn.js";
import { richText } from "./richtext.js";

/** @typedef {import("./elements.js").Surface} Surface */

/** @param {any} block */
export const alertBlock = (block) => h("div", { class: `alert ${block.level || "default"}`, role: "note" }, ...textOf(block.text));

/** @param {any} block @param {Surface} surface */
export function card(block, surface) {
  return h("article", { class: "card" },
    block.hero_image ? picture(block.hero_image) : null,
    h("div", { class: "card-head" }, block.icon ? picture(block.icon, "thumb") : null,
      h("div", {}, block.title ? h("b", {}, ...textOf(block.title)) : null, block.subtitle ? h("small", {}, ...textOf(block.subtitle)) : null)),
    block.body ? h("p", {}, ...textOf(block.body)) : null,
    block.actions ? h("div", { class: "actions" }, ...block.actions.map((/** @type {any} */ one) => active(one, block, surface))) : null);
}

/** @param {any} block @param {Surface} surface */
export const carousel = (block, surface) => h("div", { class: "carousel", tabindex: "0", role: "region", "aria-label": "Cards" }, ...block.elements.map((/** @type {any} */ one) => card(one, surface)));

/** @param {any} block @param {(block: any) => Node} draw */
export function container(block, draw) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : block.title ? h("b", {}, block.title.text) : null;
  const inner = block.child_blocks.map(draw);
  const subtitle = block.subtitle ? h("small", {}, ...textOf(block.subtitle)) : null;
  if (!block.is_collapsible) return h("section", { class: "container" }, title, subtitle, ...inner);
  return h("details", { class: "container", open: !block.default_collapsed }, h("summary", {}, title || "Details", subtitle), ...inner);
}

const STATES = /** @type {Record<string, string>} */ ({ pending: "○", in_progress: "◐", complete: "●", error: "✕" });

/** @param {any} block */
export function task(block) {
  return h("div", { class: `task ${block.status}` }, h("span", { role: "img", "aria-label": block.status.replace("_", " ") }, STATES[block.status] || "○"),
    h("div", {}, h("b", {}, block.title), block.details ? richText(block.details) : null, block.output ? richText(block.output) : null));
}

/** @param {any} block */
export const plan = (block) => h("section", { class: "container" }, h("b", {}, block.title), ...(block.tasks || []).map(task));

/** @param {any} block */
export const video = (block) => h("figure", { class: "file-image" }, h("figcaption", {}, block.title.text), link(block.video_url, `▶ ${block.alt_text}`));
