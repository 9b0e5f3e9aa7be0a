// What the page knows: who looks at what, and what was read from the workspace.
import { api } from "./api.js";

export const DM = "@batchbot";
export const HOME = "home";

/** @type {{about: any, user: string, place: string, thread: string | null, messages: Record<string, any[]>,
 *   replies: any[], home: any, homeAsked: boolean, views: any[], faults: any, incidents: any[], stats: any, online: boolean}} */
export const state = {
  about: { channels: [], users: [], commands: [], shortcuts: [], ids: {}, conversations: {} },
  user: localStorage.getItem("user") || "oncall",
  place: "incidents",
  thread: null,
  messages: {},
  replies: [],
  home: null,
  homeAsked: false,
  views: [],
  faults: {},
  incidents: [],
  stats: {},
  online: true,
};

/** @type {Map<string, Set<() => void>>} */
const listeners = new Map();

/** Runs `draw` whenever one of these kinds changed. @param {string} kinds @param {() => void} draw */
export function on(kinds, draw) {
  for (const kind of kinds.split(" ")) {
    if (!listeners.has(kind)) listeners.set(kind, new Set());
    listeners.get(kind)?.add(draw);
  }
}

/** @param {string} kind */
export function changed(kind) {
  for (const draw of listeners.get(kind) || []) draw();
}

/** @type {Map<string, {again: boolean}>} */
const loading = new Map();

/** Loads once at a time; a change that comes meanwhile loads once more. @param {string} key @param {() => Promise<void>} load */
async function once(key, load) {
  const busy = loading.get(key);
  if (busy) { busy.again = true; return; }
  const mine = { again: true };
  loading.set(key, mine);
  try {
    while (mine.again) { mine.again = false; await load(); }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the workspace is gone; the feed says so
  } finally {
    loading.delete(key);
  }
}

/** @param {string} place */
export const loadMessages = (place) => once(`messages ${place}`, async () => {
  const user = state.user;
  const { messages } = await api.messages(place, user);
  if (user !== state.user) return;
  state.messages[place] = messages;
  changed("messages");
});

export const loadThread = () => once("thread", async () => {
  const { thread, place, user } = state;
  if (!thread) return;
  const { messages } = await api.messages(place, user, thread);
  if (thread !== state.thread || user !== state.user) return;
  state.replies = messages;
  changed("thread");
});

export const loadHome = () => once("home", async () => {
  const user = state.user;
  const { view } = await api.home(user);
  if (user !== state.user) return;
  state.home = view;
  changed("home");
});

export const loadViews = () => once("views", async () => {
  const user = state.user;
  const { views } = await api.views(user);
  if (user !== state.user) return;
  state.views = views;
  changed("views");
});

export const loadFaults = () => once("faults", async () => {
  state.faults = (await api.faults()).faults;
  changed("faults");
});

export const loadIncidents = () => once("incidents", async () => {
  state.incidents = state.about.incidents ? (await api.incidents()).incidents : [];
  changed("faults");
});

export const loadStats = () => once("stats", async () => {
  state.stats = await api.stats();
  changed("stats");
});

/** Every conversation of the sidebar. */
export const conversations = () => [...state.about.channels, DM];

/** Reads everything again. */
export async function loadAll() {
  await Promise.all([...conversations().map(loadMessages), loadThread(), loadHome(), loadViews(), loadFaults(), loadIncidents(), loadStats()]);
}

/** Goes to a channel, the DM or the app's home. @param {string} place */
export function go(place) {
  const tab = place === HOME ? "home" : place === DM ? "messages" : "";
  if (place !== state.place) { state.place = place; state.thread = null; state.replies = []; }
  changed("place");
  changed("thread");
  if (tab) {
    state.homeAsked = tab === "home";
    api.openHome(state.user, tab).then(() => { state.homeAsked = false; return loadHome(); });
  }
}

/** @param {string | null} ts */
export function openThread(ts) {
  state.thread = ts;
  state.replies = [];
  changed("thread");
  if (ts) loadThread();
}

/** @param {string} name */
export function become(name) {
  state.user = name;
  localStorage.setItem("user", name);
  state.messages = {};
  state.home = null;
  state.views = [];
  changed("user");
  loadAll();
  go(state.place);
}

/** Where messages of this place may be written. */
export const canWrite = () => state.place !== HOME && (state.place !== DM || state.about.writable_messages);
