// Draws Block Kit; a type that is not known here is named, never silently left out.
import { h } from "./dom.js";
import { alertBlock, card, carousel, container, plan, task, video } from "./cards.js";
import { chart } from "./charts.js";
import { active } from "./elements.js";
import { imageBlock, picture } from "./files.js";
import { inputBlock } from "./inputs.js";
import { markdown } from "./markdown.js";
import { textOf } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

/** @typedef {import("./elements.js").Surface} Surface */

/** @type {Record<string, (block: any, surface: Surface) => Node>} */
const KINDS = {
  header: (block) => h("h3", { class: "header-block" }, ...textOf(block.text)),
  divider: () => h("hr"),
  section,
  context: (block) => h("div", { class: "context" }, ...block.elements.map((/** @type {any} */ one) => (one.type === "image" ? picture(one, "thumb") : h("span", {}, ...textOf(one))))),
  actions: (block, surface) => h("div", { class: "actions" }, ...block.elements.map((/** @type {any} */ one) => active(one, block, surface))),
  context_actions: (block, surface) => h("div", { class: "actions" }, ...block.elements.map((/** @type {any} */ one) => (one.text ? active({ ...one, type: "button" }, block, surface) : unknown(one.type)))),
  rich_text: richText,
  table,
  data_table: dataTable,
  data_visualization: chart,
  image: imageBlock,
  input: inputBlock,
  markdown: (block) => markdown(block.text),
  file: (block) => h("div", { class: "context" }, `📄 remote file ${block.external_id}`),
  alert: alertBlock,
  card,
  carousel,
  container: (block, surface) => container(block, (child) => drawn(child, surface)),
  task_card: task,
  plan,
  video,
};

/** The types that are drawn; a test compares them with what the workspace takes. */
export const KNOWN = Object.keys(KINDS);

/** @param {any[]} blocks @param {Surface} surface */
export const drawnAll = (blocks, surface) => blocks.map((block) => drawn(block, surface));

/** @param {any} block @param {Surface} surface @returns {HTMLElement} */
export function drawn(block, surface) {
  const draw = KINDS[block.type];
  return h("div", { class: "block", "data-type": block.type }, draw ? draw(block, surface) : unknown(block.type));
}

/** @param {string} type */
const unknown = (type) => h("span", { class: "unknown" }, `[a block of type ${type}, which this page does not draw]`);

/** @param {any} block @param {Surface} surface */
function section(block, surface) {
  const body = h("div", { class: "section-body" },
    block.text ? h("div", { class: "text" }, ...textOf(block.text)) : null,
    block.fields ? h("div", { class: "fields" }, ...block.fields.map((/** @type {any} */ one) => h("div", {}, ...textOf(one)))) : null);
  if (!block.accessory) return body;
  return h("div", { class: "with-accessory" }, body, active(block.accessory, block, surface));
}
