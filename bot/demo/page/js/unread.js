// What each person has read, kept in the browser.
import { state } from "./store.js";

const key = (/** @type {string} */ place) => `read ${state.user} ${place}`;

/** @param {string} place */
export const readUpTo = (place) => localStorage.getItem(key(place)) || "";

/** @param {string} place */
export function markRead(place) {
  const messages = state.messages[place];
  if (messages?.length) localStorage.setItem(key(place), messages[messages.length - 1].ts);
}

/** How many messages of others are new. @param {string} place */
export function unread(place) {
  const since = readUpTo(place);
  return (state.messages[place] || []).filter((message) => message.ts > since && message.user !== state.user).length;
}
