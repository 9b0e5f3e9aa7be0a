// What may be typed next: slash commands with their usage, @batchbot, and its words in a thread.
import { state } from "./store.js";

/** @typedef {{insert: string, label: string, hint: string, about: string}} Offer */

/**
 * Offers for the text before the cursor; an offer's `insert` takes the place of all of it.
 * @param {string} text
 * @param {boolean} inThread
 * @returns {{offers: Offer[], usage: string}}
 */
export function complete(text, inThread) {
  const command = /^\/(\S*)$/.exec(text);
  if (command) return { offers: inThread ? [] : commandsFor(command[1], "/", ""), usage: inThread ? "Slack runs no slash command in a thread: write @batchbot instead." : "" };
  const typed = /^\/(\S+)\s/.exec(text);
  if (typed) return { offers: [], usage: inThread ? "Slack runs no slash command in a thread: write @batchbot instead." : usageOf(typed[1]) };
  const word = /^(.*@batchbot\s+)(\S*)$/s.exec(text);
  if (word) return { offers: commandsFor(word[2], "", word[1]), usage: "" };
  const more = /@batchbot\s+(\S+)\s/.exec(text);
  if (more) return { offers: [], usage: usageOf(more[1]) };
  const mention = /^(.*(?:^|\s))@(\w*)$/s.exec(text);
  if (mention && "batchbot".startsWith(mention[2].toLowerCase())) {
    return { offers: [{ insert: `${mention[1]}@batchbot `, label: "@batchbot", hint: "", about: "ask in words, also in threads" }], usage: "" };
  }
  return { offers: [], usage: "" };
}

/** @param {string} begun @param {string} mark @param {string} before @returns {Offer[]} */
function commandsFor(begun, mark, before) {
  return state.about.commands
    .map((/** @type {any} */ one) => ({ ...one, name: one.command.slice(1) }))
    .filter((/** @type {any} */ one) => one.name.startsWith(begun.toLowerCase()) && one.name !== begun)
    .map((/** @type {any} */ one) => ({ insert: `${before}${mark}${one.name} `, label: `${mark}${one.name}`, hint: one.usage_hint, about: one.description }));
}

/** @param {string} name */
const usageOf = (name) => {
  const found = state.about.commands.find((/** @type {any} */ one) => one.command === `/${name}`);
  return found ? `${found.command}  ${found.usage_hint}` : "";
};
