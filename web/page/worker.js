// A worker has the table's rows, so that the page stays quick with any number of them:
//
//   files -> lines -> names -> rows, each name once -> server, some thousands at a time -> verdicts
//   rows -> filtered, sorted -> the page that is shown
//
// It receives {action, ...}, and sends {format}, {progress}, {view}, {csv} and, when all is read,
// {done}.

import { mostColumns, recognise } from "./formats.js";
import { lines } from "./lines.js";
import { Rows } from "./rows.js";
import { KeyNeeded, Service } from "./service.js";

const atATime = 2; // requests, so that the service never waits
const firstBatch = 200; // names, so that the first verdicts come soon
const batch = 4000; // names; the server takes 10,000
const batchCharacters = 500_000; // six bytes each in JSON at worst; the server takes 4 MiB
const longestText = 65_536;

let loading = null, rows = new Rows(), view = null;
let opening = 0; // number of the file that the table is of
let due = 0; // timer of the next view

const actions = {
  open({ files, key, column, wanted, opening: now }) {
    loading?.stop();
    opening = now;
    view = wanted;
    rows = new Rows();
    loading = new Loading(files, new Service(key), column);
    loading.run().catch((problem) => setTimeout(() => { throw problem; })); // so that the page hears of it
  },
  stop: () => loading?.stop(),
  close() {
    loading?.stop();
    loading = null;
    rows = new Rows();
  },
  view({ wanted }) {
    view = wanted;
    due ||= setTimeout(show); // after the other messages that are waiting
  },
  csv: () => send({ csv: rows.csv(rows.arrange(view).order) }),
};

const send = (message) => postMessage({ opening, ...message });

onmessage = ({ data }) => actions[data.action](data);

/** Sends the page of the table that is shown. */
function show() {
  clearTimeout(due);
  due = 0;
  const { order, histogram } = rows.arrange(view);
  const last = Math.max(0, order.length - 1);
  const first = Math.min(view.first, last) - (Math.min(view.first, last) % view.count);
  const shown = order.slice(first, first + view.count).map((row) => rows.at(row));
  send({ view: { rows: shown, first, matching: order.length, histogram, kinds: rows.kinds } });
}

/** Says whether the first lines of a file are no text: it may be a spreadsheet or an archive. */
function isBinary(first) {
  const start = first.join("").slice(0, 2000);
  const signs = start.match(/[\0-\x08\x0e-\x1a\ufffd]/g)?.length ?? 0;
  return signs > 5 && signs > start.length / 20;
}

/** The reading of files. */
class Loading {
  #stopping = new AbortController();
  #underWay = new Set(); // requests
  #queue = []; // rows to be asked about
  #queued = 0; // their characters
  #failure = null;
  #lines = 0;
  #bytes = 0;
  #scored = 0;
  #start = performance.now();
  #nextReport = 0;

  constructor(files, service, column) {
    this.files = files;
    this.size = files.reduce((size, file) => size + file.size, 0);
    this.service = service;
    this.column = column;
  }

  stop() {
    this.#stopping.abort();
  }

  get #stopped() {
    return this.#stopping.signal.aborted;
  }

  async run() {
    let unreadable = null;
    try {
      await this.#read();
    } catch (problem) {
      unreadable = new Error(`The file cannot be read: ${problem.message}`);
    }
    await this.#ask(); // even if the file breaks off
    await Promise.all(this.#underWay);
    this.#failure ??= unreadable;
    if (loading !== this) return;
    this.#report();
    const failure = this.#failure?.name === "AbortError" ? null : this.#failure;
    send({
      done: { stopped: this.#stopped && !failure, empty: rows.length === 0, full: rows.full, problem: failure?.message, keyNeeded: failure instanceof KeyNeeded },
    });
  }

  async #read() {
    let format = null;
    for await (const some of lines(this.files, this.#stopping.signal, (bytes) => { this.#bytes += bytes; })) {
      if (this.#stopped) return; // the table may show another file by now
      if (!format) {
        if (isBinary(some)) throw new Error("it is no text");
        format = recognise(some);
        if (format.columns.includes(this.column)) format.column = this.column;
        send({ format: { name: format.name, columns: format.columns.slice(0, mostColumns), column: format.column } });
      }
      for (const line of some) {
        this.#lines++;
        for (const name of format.names(line)) await this.#add(name);
        if (this.#stopped || rows.full) return;
      }
    }
    for (const name of format?.end?.() ?? []) await this.#add(name);
  }

  async #add(name) {
    if (this.#stopped) return;
    const row = rows.add(name.slice(0, longestText + 1), this.#lines);
    if (row === undefined) return;
    if (name.length > longestText) {
      rows.settle(row, { error: `longer than ${longestText} bytes` });
      return;
    }
    this.#queue.push(row);
    this.#queued += name.length;
    if (this.#queue.length >= (this.#scored === 0 ? firstBatch : batch) || this.#queued >= batchCharacters) await this.#ask();
  }

  /** Asks about the queued rows as soon as fewer requests are under way. */
  async #ask() {
    while (this.#underWay.size >= atATime) await Promise.race(this.#underWay);
    if (this.#queue.length === 0 || this.#stopped) return;
    const request = this.#settle(this.#queue).finally(() => this.#underWay.delete(request));
    this.#underWay.add(request);
    this.#queue = [];
    this.#queued = 0;
  }

  async #settle(asked) {
    try {
      const verdicts = await this.service.score(asked.map((row) => rows.text[row]), this.#stopping.signal);
      if (loading !== this) return;
      verdicts.forEach((verdict, i) => rows.settle(asked[i], verdict));
      this.#scored += asked.length;
      if (performance.now() >= this.#nextReport) this.#report();
    } catch (problem) {
      this.#failure ??= problem;
      this.stop();
    }
  }

  /** Reports progress. Arranging all rows may take long, so it gets a fifth of the time. */
  #report() {
    const now = performance.now();
    send({ progress: { lines: this.#lines, names: this.#scored, seconds: (now - this.#start) / 1000, share: this.#bytes / this.size || 0 } });
    show();
    this.#nextReport = now + Math.max(250, 5 * (performance.now() - now));
  }
}
