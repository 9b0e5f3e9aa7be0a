// Times in the viewer's own zone.

const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** @param {string} ts */
export const dateOf = (ts) => new Date(parseFloat(ts) * 1000);

/** @param {Date} at */
export const clock = (at) => `${pad(at.getHours())}:${pad(at.getMinutes())}`;

/** @param {Date} at */
export const clockSeconds = (at) => `${clock(at)}:${pad(at.getSeconds())}`;

/** @param {Date} a @param {Date} b */
export const sameDay = (a, b) => a.toDateString() === b.toDateString();

/** Today, Yesterday, or the date in words. @param {Date} at @param {Intl.DateTimeFormatOptions} words */
export function day(at, words = { weekday: "long", day: "numeric", month: "long" }) {
  const now = new Date();
  if (sameDay(at, now)) return "Today";
  if (sameDay(at, new Date(now.getTime() - 86_400_000))) return "Yesterday";
  const year = at.getFullYear() === now.getFullYear() ? {} : /** @type {const} */ ({ year: "numeric" });
  return at.toLocaleDateString("en-GB", { ...words, ...year });
}

const SHORT = /** @type {const} */ ({ day: "numeric", month: "short", year: "numeric" });
const LONG = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** @type {Record<string, (at: Date) => string>} */
const TOKENS = {
  date_num: (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`,
  date_slash: (at) => `${pad(at.getDate())}/${pad(at.getMonth() + 1)}/${at.getFullYear()}`,
  date: (at) => at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" }),
  date_short: (at) => at.toLocaleDateString("en-GB", SHORT),
  date_long: (at) => at.toLocaleDateString("en-GB", LONG),
  date_pretty: (at) => day(at, { day: "numeric", month: "long" }),
  date_short_pretty: (at) => day(at, { day: "numeric", month: "short" }),
  date_long_pretty: (at) => day(at),
  time: clock,
  time_secs: clockSeconds,
  ago: (at) => ago(at),
};

/** @param {Date} at */
function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(seconds) < 90) return words.format(seconds, "second");
  if (Math.abs(seconds) < 5400) return words.format(Math.round(seconds / 60), "minute");
  return words.format(Math.round(seconds / 3600), "hour");
}

/** Slack's date format, such as `{date_short_pretty} {time_secs}`. @param {number} seconds @param {string} format */
export function formatted(seconds, format) {
  const at = new Date(seconds * 1000);
  return (format || "{date_num} {time_secs}").replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(at) ?? whole);
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
