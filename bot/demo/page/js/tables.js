// table and data_table blocks.
import { h } from "./dom.js";
import { richText } from "./richtext.js";

/** @param {any} cell */
export const cellText = (cell) => (cell.type === "rich_text" ? richText(cell).textContent || "" : cell.text ?? String(cell.value ?? ""));

/** @param {any} cell */
const cellNode = (cell) => (cell.type === "rich_text" ? richText(cell) : document.createTextNode(cellText(cell)));

/** @param {any} cell */
const isNumber = (cell) => cell.type === "raw_number" || /^[+-]?[\d\s.,]+\s?(%|s|ms|min|h|B|kB|MB)?$/.test(cellText(cell).trim());

/** Columns in which every cell below the head is a number stand to the right. @param {any[][]} rows */
function numeric(rows) {
  const empty = (/** @type {any} */ cell) => !cell || ["", "-", "–"].includes(cellText(cell).trim());
  return rows[0].map((_, column) => {
    const filled = rows.slice(1).map((row) => row[column]).filter((cell) => !empty(cell));
    return filled.length > 0 && filled.every(isNumber);
  });
}

/** @param {any} block */
export function table(block) {
  const settings = block.column_settings || [];
  const right = numeric(block.rows);
  const cells = (/** @type {any[]} */ row, /** @type {string} */ tag) => row.map((cell, column) => h(
    tag,
    { class: aligned(settings[column], right[column]), scope: tag === "th" ? "col" : undefined },
    cellNode(cell),
  ));
  const [head, ...body] = block.rows;
  return scroll(h("table", {},
    h("thead", {}, h("tr", {}, ...cells(head, "th"))),
    h("tbody", {}, ...body.map((/** @type {any[]} */ row) => h("tr", {}, ...cells(row, "td"))))));
}

/** @param {any} setting @param {boolean} number */
function aligned(setting, number) {
  const side = setting?.align || (number ? "right" : "left");
  return `${side}${setting?.is_wrapped === false ? " unwrapped" : ""}`;
}

/** A wide table scrolls by itself, also by keyboard. @param {HTMLElement} node @param {string} [label] */
function scroll(node, label = "Table") {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, node);
}

/** A table that sorts by its heads and turns pages. @param {any} block */
export function dataTable(block) {
  const [head, ...rows] = block.rows;
  const view = { column: -1, down: false, page: 0, size: block.page_size || 5 };
  const right = numeric(block.rows);
  const box = h("figure", { class: "data-table" });
  const draw = () => {
    const pages = Math.max(1, Math.ceil(rows.length / view.size));
    view.page = Math.min(view.page, pages - 1);
    const shown = sorted(rows, view).slice(view.page * view.size, (view.page + 1) * view.size);
    box.replaceChildren(
      h("figcaption", {}, block.caption),
      scroll(h("table", {}, h("thead", {}, h("tr", {}, ...head.map((/** @type {any} */ cell, /** @type {number} */ column) => sorter(cell, column, view, right[column], draw)))),
        h("tbody", {}, ...shown.map((row) => dataRow(row, right, block.row_header_column_index)))), block.caption),
      ...(pages > 1 ? [pager(view, pages, rows.length, draw)] : []),
    );
  };
  draw();
  return box;
}

/** @param {any[]} row @param {boolean[]} right @param {number | undefined} header */
function dataRow(row, right, header) {
  return h("tr", {}, ...row.map((cell, column) => h(
    column === header ? "th" : "td",
    { class: right[column] ? "right" : "left", scope: column === header ? "row" : undefined },
    cellNode(cell),
  )));
}

/** @param {any} cell @param {number} column @param {any} view @param {boolean} right @param {() => void} draw */
function sorter(cell, column, view, right, draw) {
  const mine = view.column === column;
  const order = mine ? (view.down ? "descending" : "ascending") : "none";
  const onclick = (/** @type {Event} */ event) => {
    const region = /** @type {HTMLElement} */ (event.currentTarget).closest("figure");
    view.down = mine && !view.down;
    view.column = column;
    draw();
    /** @type {HTMLElement} */ (region?.querySelectorAll("thead button")[column]).focus();
  };
  return h("th", { scope: "col", "aria-sort": order, class: right ? "right" : "left" },
    h("button", { type: "button", class: "sort", onclick }, cellText(cell), h("span", { "aria-hidden": "true" }, mine ? (view.down ? " ↓" : " ↑") : " ↕")));
}

/** @param {any[][]} rows @param {any} view */
function sorted(rows, view) {
  if (view.column < 0) return rows;
  const key = (/** @type {any[]} */ row) => row[view.column];
  const order = [...rows].sort((a, b) => compare(key(a), key(b)));
  return view.down ? order.reverse() : order;
}

/** @param {any} a @param {any} b */
function compare(a, b) {
  const [left, right] = [a, b].map((cell) => cell.value ?? Number.parseFloat(cellText(cell).replace(/[\s,]/g, "")));
  if (Number.isFinite(left) && Number.isFinite(right)) return left - right;
  return cellText(a).localeCompare(cellText(b), "en", { numeric: true });
}

/** @param {any} view @param {number} pages @param {number} total @param {() => void} draw */
function pager(view, pages, total, draw) {
  const turn = (/** @type {number} */ by) => { view.page += by; draw(); };
  const first = view.page * view.size + 1;
  return h("div", { class: "pager" },
    h("button", { type: "button", disabled: view.page === 0, onclick: () => turn(-1) }, "Previous"),
    h("span", {}, `${first}–${Math.min(total, first + view.size - 1)} of ${total}`),
    h("button", { type: "button", disabled: view.page === pages - 1, onclick: () => turn(1) }, "Next"));
}
