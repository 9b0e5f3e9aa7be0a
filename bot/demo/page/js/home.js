// The app's home tab, asked for anew each time it is opened.
import { drawnAll } from "./blocks.js";
import { $, h } from "./dom.js";
import { on, state } from "./store.js";
import { surface } from "./views.js";

let shown = "";

function draw() {
  const { home } = state;
  const sign = `${state.user} ${home ? home.hash : state.homeAsked}`;
  if (sign === shown) return;
  shown = sign;
  if (home) $("home").replaceChildren(h("div", { class: "home-view blocks" }, ...drawnAll(home.blocks, surface(home))));
  else $("home").replaceChildren(h("p", { class: "empty" }, state.homeAsked ? "Opening …" : "batchbot has not published a home for you yet."));
}

export function home() {
  on("home place user", draw);
}
