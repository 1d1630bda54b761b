'use strict';

// Asking the server, again and again, one request after the other.

const POLL_MILLISECONDS = 2000;
const PATIENCE_MILLISECONDS = 15000;

// The server answered, and the answer is no.
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// The path of an API with its parameters. It is relative, so that the page also
// works below a path of a proxy.
function apiPath(name, parameters) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== '' && value !== undefined) query.set(key, value);
  }
  return `api/v1/${name}?${query}`.replace(/\?$/, '');
}

async function askApi(name, parameters, signal) {
  const response = await fetch(apiPath(name, parameters), {signal});
  const answer = await response.json().catch((error) => {
    if (signal.aborted) throw error;
    return {};
  });
  if (!response.ok) {
    throw new Refusal(response.status,
                      answer.error ?? `the server answers ${response.status}`);
  }
  return answer;
}

// Calls `work(signal)` every two seconds, counted from the end of the call
// before, so that a slow server is never asked twice at once. Rests while
// nobody looks at the page.
class Poll {
  constructor(work) {
    this.work = work;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now();
    });
  }

  // Begins at once, and gives up what is under way: it has become stale.
  async now() {
    clearTimeout(this.timer);
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    const patience =
        setTimeout(() => controller.abort(), PATIENCE_MILLISECONDS);
    try {
      await this.work(controller.signal, () => this.controller === controller);
    } finally {
      clearTimeout(patience);
    }
    if (this.controller !== controller || document.hidden) return;
    this.timer = setTimeout(() => this.now(), POLL_MILLISECONDS);
  }
}
