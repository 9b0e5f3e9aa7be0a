// data_visualization: line, bar, area and pie as inline SVG; colours come from the style sheet.
import { h, svg } from "./dom.js";

// More bars than this lie one below the other, so that each has room for its name.
const LYING_FROM = 4;
const WIDTH = 560, HEIGHT = 230, LEFT = 46, RIGHT = 20, TOP = 14, BOTTOM = 26;

/** @param {any} block */
export function chart(block) {
  const { chart: data, title } = block;
  const lying = data.type === "bar" && data.axis_config.categories.length > LYING_FROM;
  const drawing = data.type === "pie" ? pie(data.segments) : lying ? lyingBars(data) : cartesian(data);
  const names = data.type === "pie" ? data.segments.map((/** @type {any} */ one) => `${one.label} (${short(one.value)})`) : data.series.map((/** @type {any} */ one) => one.name);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", spoken(title, data));
  const axes = data.axis_config || {};
  return h("figure", { class: "chart" },
    h("figcaption", {}, title),
    axes.y_label ? h("div", { class: "axis-name" }, axes.y_label) : null,
    drawing,
    axes.x_label ? h("div", { class: "axis-name x" }, axes.x_label) : null,
    names.length > 1 || data.type === "pie" ? legend(names) : null);
}

/** Bars one below the other; those of several series one behind the other. @param {any} data */
function lyingBars(data) {
  const { categories } = data.axis_config;
  const totals = categories.map((/** @type {string} */ _, /** @type {number} */ at) => data.series.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + Math.max(0, one.data[at].value), 0));
  const most = Math.max(...totals, 1);
  return h("div", { class: "lying" }, ...categories.flatMap((/** @type {string} */ label, /** @type {number} */ at) => [
    h("span", { class: "lying-name" }, label),
    h("span", { class: "lying-bar" }, ...data.series.map((/** @type {any} */ one, /** @type {number} */ index) => piece(one, index, at, most))),
    h("span", { class: "lying-value" }, kept(data.series).map((one) => short(one.data[at].value)).join(" · ")),
  ]));
}

/** @param {any} series @param {number} index @param {number} at @param {number} most */
function piece(series, index, at, most) {
  const { label, value } = series.data[at];
  const node = h("i", { class: colour(series.name, index), title: `${series.name}, ${label}: ${short(value)}` });
  node.style.width = `${(Math.max(0, value) / most) * 100}%`;
  return node;
}

/** What is lost is told by its colour alone. @param {any[]} series */
const kept = (series) => series.filter((one) => one.name !== "lost");

/** What is lost is red. @param {string} name @param {number} index */
const colour = (name, index) => (name === "lost" ? "lost" : `s${index}`);

/** @param {string[]} names */
function legend(names) {
  return h("ul", { class: "legend" }, ...names.map((name, index) => h("li", {}, h("span", { class: `key ${colour(name, index)}` }), name)));
}

/** What a screen reader says: every value. @param {string} title @param {any} data */
function spoken(title, data) {
  const points = (/** @type {any[]} */ list) => list.map((point) => `${point.label} ${short(point.value)}`).join(", ");
  if (data.type === "pie") return `${title}. ${points(data.segments)}`;
  return `${title}. ${data.series.map((/** @type {any} */ one) => `${one.name}: ${points(one.data)}`).join(". ")}`;
}

/** @param {number} value */
export function short(value) {
  if (Math.abs(value) >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (Math.abs(value) >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return String(+value.toFixed(2));
}

/** Round steps that cover a range: 0, 5, 10 ... @param {number} low @param {number} high */
export function ticks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw) || raw;
  const out = [];
  for (let at = Math.floor(low / step) * step; at < high + step; at += step) out.push(+at.toFixed(10));
  return out;
}

/** @param {any} data */
function cartesian(data) {
  const { categories } = data.axis_config;
  const values = data.series.flatMap((/** @type {any} */ one) => one.data.map((/** @type {any} */ point) => point.value));
  const marks = ticks(Math.min(0, ...values), Math.max(...values, 0) || 1);
  const [low, high] = [marks[0], marks[marks.length - 1]];
  const bars = data.type === "bar";
  const slots = bars ? categories.length : Math.max(1, categories.length - 1);
  const slot = (WIDTH - LEFT - RIGHT) / slots;
  const x = (/** @type {number} */ index) => (categories.length === 1 && !bars ? (LEFT + WIDTH - RIGHT) / 2 : LEFT + slot * (bars ? index + 0.5 : index));
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const scale = { x, y, slot, zero: y(Math.max(low, Math.min(high, 0))), count: data.series.length };
  const draw = bars ? barSeries : lineSeries;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` },
    ...marks.map((mark) => svg("line", { class: mark === 0 ? "zero" : "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(mark), y2: y(mark) })),
    ...marks.map((mark) => svg("text", { class: "tick", x: LEFT - 8, y: y(mark) + 4, "text-anchor": "end" }, short(mark))),
    ...labels(categories, x),
    ...data.series.map((/** @type {any} */ one, /** @type {number} */ index) => draw(one, index, scale, data.type === "area")));
}

/** Category labels, as many as stand beside each other. @param {string[]} categories @param {(index: number) => number} x */
function labels(categories, x) {
  const longest = Math.max(...categories.map((label) => label.length));
  const room = Math.max(1, Math.floor((WIDTH - LEFT - RIGHT) / (longest * 7.2 + 10)));
  const every = Math.ceil(categories.length / room);
  return categories.map((label, index) => (index % every ? null : svg("text", {
    class: "tick", x: x(index), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle",
  }, label)));
}

/** @param {any} series @param {number} index @param {any} scale @param {boolean} filled */
function lineSeries(series, index, scale, filled) {
  const points = series.data.map((/** @type {any} */ point, /** @type {number} */ at) => [scale.x(at), scale.y(point.value)]);
  const path = points.map((/** @type {number[]} */ [x, y], /** @type {number} */ at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const [first, last] = [points[0], points[points.length - 1]];
  return svg("g", { class: `s${index}` },
    filled ? svg("path", { class: "fill", d: `${path}L${last[0]} ${scale.zero}L${first[0]} ${scale.zero}Z` }) : null,
    svg("path", { class: "stroke", d: path }),
    ...points.map((/** @type {number[]} */ [x, y], /** @type {number} */ at) => svg("circle", { class: "dot", cx: x, cy: y, r: 3.2 }, told(series, at))));
}

/** @param {any} series @param {number} index @param {any} scale */
function barSeries(series, index, scale) {
  const width = Math.min(46, (scale.slot * 0.72) / scale.count);
  return svg("g", { class: `s${index}` }, ...series.data.map((/** @type {any} */ point, /** @type {number} */ at) => {
    const top = scale.y(point.value), x = scale.x(at) + (index - scale.count / 2) * width;
    const box = svg("rect", { class: "bar-shape", x: x + 1, width: Math.max(1, width - 2), y: Math.min(top, scale.zero), height: Math.max(1, Math.abs(scale.zero - top)), rx: 2 }, told(series, at));
    const label = scale.count === 1 ? svg("text", { class: "value", x: x + width / 2, y: Math.min(top, scale.zero) - 4, "text-anchor": "middle" }, short(point.value)) : null;
    return svg("g", {}, box, label);
  }));
}

/** @param {any} series @param {number} at */
const told = (series, at) => svg("title", {}, `${series.name}, ${series.data[at].label}: ${short(series.data[at].value)}`);

/** @param {any[]} segments */
function pie(segments) {
  const total = segments.reduce((sum, one) => sum + one.value, 0);
  const [cx, cy, r] = [110, 110, 96];
  let turned = 0;
  const at = (/** @type {number} */ share) => [cx + r * Math.sin(2 * Math.PI * share), cy - r * Math.cos(2 * Math.PI * share)].map((n) => n.toFixed(2)).join(" ");
  const slices = segments.map((one, index) => {
    const from = turned / total;
    turned += one.value;
    const to = turned / total;
    const words = svg("title", {}, `${one.label}: ${short(one.value)} (${Math.round((one.value / total) * 100)} %)`);
    if (segments.length === 1) return svg("circle", { class: `slice s0`, cx, cy, r }, words);
    return svg("path", { class: `slice s${index}`, d: `M${cx} ${cy}L${at(from)}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)}Z` }, words);
  });
  return svg("svg", { class: "pie", viewBox: "0 0 220 220" }, ...slices);
}
