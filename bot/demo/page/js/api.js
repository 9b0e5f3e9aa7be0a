// The workspace's calls, as the page needs them.

/** @param {string} path @param {Record<string, string | null | undefined>} [query] */
async function get(path, query = {}) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, value);
  const answer = await fetch(`/workspace/${path}?${params}`);
  return answer.json();
}

/** @param {string} path @param {Record<string, any>} body */
async function post(path, body) {
  const answer = await fetch(`/workspace/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

export const api = {
  about: () => get("about"),
  faults: () => get("faults"),
  incidents: () => get("incident"),
  stats: () => get("stats"),
  /** @param {string} user */
  home: (user) => get("home", { user }),
  /** @param {string} user */
  views: (user) => get("views", { user }),
  /** @param {string} channel @param {string} viewer @param {string | null} [thread] */
  messages: (channel, viewer, thread) => get("messages", { channel, viewer, thread_ts: thread }),
  /** @param {Record<string, any>} body */
  send: (body) => post("send", body),
  /** @param {Record<string, any>} body */
  act: (body) => post("act", body),
  /** @param {Record<string, any>} body */
  submit: (body) => post("submit", body),
  /** @param {Record<string, any>} body */
  close: (body) => post("close", body),
  /** @param {string} user @param {string} tab */
  openHome: (user, tab) => post("home", { user, tab }),
  /** @param {Record<string, any>} body */
  setFaults: (body) => post("faults", body),
  /** @param {Record<string, any>} body */
  setIncident: (body) => post("incident", body),
};
