// Files of a message and images in blocks: looked at here, or kept.
import { dialog, h, icon } from "./dom.js";
import { size } from "./times.js";

const READABLE = /^(text\/|application\/(json|x-ndjson|yaml))/;
const SHOWN = 4000;

/** @param {any} file */
export function fileCard(file) {
  const where = `/workspace/files/${file.id}`;
  if (/^image\//.test(file.mimetype || "")) {
    return h("figure", { class: "file-image" }, enlarging(where, file.alt_txt || file.title || file.name),
      h("figcaption", {}, file.title || file.name, " · ", h("a", { href: `${where}?download=1`, download: file.name }, "Download")));
  }
  return h("div", { class: "file" },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-name" }, h("b", {}, file.title || file.name), h("small", {}, `${file.title && file.title !== file.name ? `${file.name} · ` : ""}${size(file.size || 0)}`)),
    h("a", { class: "quiet", href: `${where}?download=1`, download: file.name, "aria-label": `Download ${file.name}`, title: "Download" }, icon("download")),
    READABLE.test(file.mimetype || "") || /\.(md|log|jsonl?)$/.test(file.name) ? preview(where) : null);
}

/** The first lines of a text, read when they are asked for. @param {string} where */
function preview(where) {
  const body = h("pre", {}, "…");
  const node = /** @type {HTMLDetailsElement} */ (h("details", {}, h("summary", {}, "Preview"), body));
  node.addEventListener("toggle", async () => {
    if (!node.open || body.textContent !== "…") return;
    const text = await (await fetch(where)).text();
    body.textContent = text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${size(text.length - SHOWN)} more in the file` : text;
  });
  return node;
}

/** @param {string} where @param {string} alt */
function enlarging(where, alt) {
  const open = () => dialog(alt, h("img", { src: where, alt, class: "large" }));
  return h("button", { type: "button", class: "picture", "aria-label": `Enlarge: ${alt}`, onclick: open }, h("img", { src: where, alt, loading: "lazy" }));
}

/**
 * An image of a block or element. One from elsewhere is named, not fetched: Slack would fetch it
 * through its own servers, and this page tells nobody that it was read.
 * @param {any} image @param {string} [kind]
 */
export function picture(image, kind = "") {
  const file = image.slack_file;
  const id = file ? file.id || String(file.url || "").split("/").pop() : "";
  if (id && kind === "thumb") return h("img", { class: "thumb", src: `/workspace/files/${id}`, alt: image.alt_text });
  if (id) return enlarging(`/workspace/files/${id}`, image.alt_text);
  return h("span", { class: "elsewhere", title: image.image_url }, `🖼 ${image.alt_text}`);
}

/** An image block. @param {any} block */
export function imageBlock(block) {
  return h("figure", { class: "file-image" }, block.title ? h("figcaption", {}, block.title.text) : null, picture(block));
}
