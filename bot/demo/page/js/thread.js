// The threads pane.
import { composer } from "./composer.js";
import { $, icon } from "./dom.js";
import { DM, on, openThread, state } from "./store.js";
import { stream } from "./stream.js";

export function thread() {
  const show = stream($("replies"), true);
  const write = composer($("reply"), "replytext", () => state.thread);
  let shown = "";
  $("close").append(icon("close"));
  $("close").addEventListener("click", () => openThread(null));
  on("thread user", () => {
    $("thread").hidden = !state.thread;
    document.body.classList.toggle("with-thread", Boolean(state.thread));
    if (!state.thread) { shown = ""; return; }
    $("thread-place").textContent = state.place === DM ? "batchbot" : `# ${state.place}`;
    if (state.replies.length) show(state.replies, `${state.place}`);
    if (shown !== state.thread) { shown = state.thread; $("replies").replaceChildren(); write(); $("replytext").focus(); }
  });
}
