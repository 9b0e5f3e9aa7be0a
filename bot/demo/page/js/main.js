// Starts the page: who is here, what is installed, and then every part of the picture.
import { api } from "./api.js";
import { channel } from "./channel.js";
import { $ } from "./dom.js";
import { faults } from "./faults.js";
import { listen } from "./feed.js";
import { home } from "./home.js";
import { keys } from "./keys.js";
import { modals } from "./modal.js";
import { sidebar } from "./sidebar.js";
import { status } from "./status.js";
import { DM, HOME, conversations, go, loadMessages, openThread, state } from "./store.js";
import { show } from "./stream.js";
import { theme } from "./theme.js";
import { thread } from "./thread.js";
import { tour } from "./tour.js";

/** Goes where the address says: #alerts, or #alerts/1700000000.000001 for one message. */
async function follow() {
  const [place, ts] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (![...conversations(), HOME].includes(place)) return;
  if (place !== HOME) await loadMessages(place);
  go(place);
  if (!ts) return;
  if (state.messages[place]?.some((message) => message.ts === ts)) show(ts);
  else if (place !== DM) openThread(ts);
}

async function start() {
  theme();
  state.about = await api.about();
  if (!state.about.users.includes(state.user)) state.user = state.about.users[0];
  sidebar();
  channel();
  thread();
  home();
  modals();
  faults();
  tour();
  status();
  keys();
  listen();
  window.addEventListener("hashchange", follow);
  await follow();
  $("text").focus();
}

start();
