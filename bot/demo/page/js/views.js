// A modal or the app's home: what a person typed or chose in it, and presses that the bot hears of.
import { api } from "./api.js";
import { toast } from "./dom.js";
import { state } from "./store.js";

/** Typed values by view, block and action id; they outlive an update of the view. @type {Map<string, Record<string, Record<string, any>>>} */
const typed = new Map();

/** @param {string} view */
export const valuesOf = (view) => typed.get(view) || {};

/** @param {string} view */
export const forget = (view) => typed.delete(view);

/** @param {any} view @returns {import("./elements.js").Surface} */
export function surface(view) {
  const keep = (/** @type {any} */ block, /** @type {any} */ element, /** @type {any} */ value) => {
    const values = valuesOf(view.id);
    values[block.block_id] = { ...values[block.block_id], [element.action_id]: value };
    typed.set(view.id, values);
  };
  return {
    keep,
    held: (block, element) => valuesOf(view.id)[block.block_id]?.[element.action_id],
    press: async (element, block, value) => {
      const doing = { user: state.user, view_id: view.id, action_id: element.action_id, block_id: block.block_id, value, values: valuesOf(view.id) };
      const answer = await api.act(doing);
      if (!answer.ok) toast(answer.error);
    },
  };
}
