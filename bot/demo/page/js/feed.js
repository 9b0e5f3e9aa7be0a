// Listens to the workspace, and reads again what it says has changed.
import { changed, loadAll, loadFaults, loadHome, loadIncidents, loadMessages, loadStats, loadThread, loadViews, state } from "./store.js";

/** @type {Record<string, (change: any) => void>} */
const readers = {
  messages: (change) => {
    const place = state.about.conversations[change.channel];
    if (place) loadMessages(place);
    if (place === state.place) loadThread();
  },
  home: () => loadHome(),
  views: () => loadViews(),
  faults: () => loadFaults(),
  incidents: () => loadIncidents(),
  stats: () => loadStats(),
};

/** @param {boolean} online */
function standing(online) {
  if (state.online === online) return;
  state.online = online;
  changed("stats");
}

/** Starts listening; the browser connects again by itself. */
export function listen() {
  const feed = new EventSource("/workspace/events");
  feed.onopen = () => { standing(true); loadAll(); };
  feed.onerror = () => standing(false);
  feed.onmessage = (event) => { const change = JSON.parse(event.data); readers[change.kind]?.(change); };
}
