// The requests of the page and its worker to the service.

const base = new URL("../", import.meta.url); // the service may stand below a path of a proxy
const tries = { 429: 30, 502: 3, 503: 3, 504: 3 }; // by status; a busy service needs time, one that restarts is back soon
const longestPause = 60; // seconds

/** Says that an API key is missing or wrong. */
export class KeyNeeded extends Error {}

export class Service {
  /** Asks with an API key, or without one if it is empty. */
  constructor(key) {
    this.key = key;
  }

  /** Returns the verdict on each text, in order. A text that cannot be scored has an error. */
  async score(texts, signal) {
    return (await this.#ask("v1/score", { texts }, signal)).verdicts;
  }

  /**
   * Returns the verdict on a text and the contributions to its score, or only an error if it cannot
   * be scored.
   */
  async explain(text, signal) {
    // The service refuses to explain a text that cannot be scored, and a browser logs refusals on
    // its console.
    const [verdict] = await this.score([text], signal);
    return verdict.error ? verdict : this.#ask("v1/explain?families=true", { text }, signal);
  }

  /**
   * Asks about a part of a log, as the query of /v1/logs says. Yields the objects of the answer,
   * some at a time.
   */
  async* log(part, query, signal) {
    const response = await this.#answer("v1/logs?" + new URLSearchParams(query), part, signal);
    let held = "";
    for await (const text of chunksOf(response.body.pipeThrough(new TextDecoderStream()))) {
      held += text;
      const end = held.lastIndexOf("\n") + 1;
      if (end === 0) continue;
      yield JSON.parse(`[${held.slice(0, end - 1).replaceAll("\n", ",")}]`);
      held = held.slice(end);
    }
  }

  /** Returns a part of a log with the verdicts in it. */
  async records(part, query, signal) {
    return (await this.#answer("v1/logs?" + new URLSearchParams(query), part, signal)).arrayBuffer();
  }

  /** Returns the names in what people type, each once. */
  async namesIn(text, signal) {
    const names = new Set();
    for await (const some of this.log(new TextEncoder().encode(text), [["format", "list"], ["skip", "0"]], signal)) {
      for (const { text } of some) if (text !== undefined) names.add(text);
    }
    return [...names];
  }

  /** Returns what the model says of itself. */
  model() {
    return this.#ask("v1/model");
  }

  async #ask(path, question, signal) {
    return (await this.#answer(path, question, signal)).json();
  }

  async #answer(path, question, signal) {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(path, question, signal);
      if (response?.ok) return response;
      if (attempt < (tries[response?.status ?? 503] ?? 1)) {
        const seconds = Number(response?.headers.get("Retry-After")) || 1;
        await pause(Math.min(seconds, longestPause), signal);
        continue;
      }
      const reason = response ? await reasonOf(response) : "The server does not answer.";
      throw response?.status === 401 ? new KeyNeeded(reason) : new Error(reason);
    }
  }

  /** Returns a response, or null if there is no server. */
  async #fetch(path, question, signal) {
    const headers = {};
    if (/[^\t -~\x80-\xff]/.test(this.key)) throw new KeyNeeded("no API key has such characters");
    if (this.key) headers["X-API-Key"] = this.key;
    const isDocument = question && !(question instanceof Uint8Array);
    if (isDocument) headers["Content-Type"] = "application/json";
    try {
      return await fetch(new URL(path, base), {
        method: question ? "POST" : "GET",
        headers,
        body: isDocument ? JSON.stringify(question) : question,
        signal,
      });
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      return null;
    }
  }
}

/** Yields what a stream gives. Not every browser has streams that are iterable. */
async function* chunksOf(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function reasonOf(response) {
  try {
    const { error } = await response.json();
    if (error) return String(error);
  } catch {
    // the answer is not the service's
  }
  return `The server answered ${response.status}.`; // perhaps a proxy did
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
