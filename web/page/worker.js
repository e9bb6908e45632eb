// A worker has the table's rows, so that the page stays quick with any number of them:
//
//   files -> parts -> server -> names and verdicts -> rows, each name once
//   rows -> filtered, sorted -> the page that is shown
//
// It receives {action, ...}, and sends {format}, {summary}, {progress}, {view}, {csv}, {record} and,
// when all is read, {done}. Which names a log has is for the server to say.

import { Cutter, Parts, joined } from "./parts.js";
import { Rows } from "./rows.js";
import { KeyNeeded, Service } from "./service.js";

const most = 100; // reasons why records are broken

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
  csv: ({ labels }) => send({ csv: rows.csv(rows.arrange(view).order, new Map(labels)) }),
  records: () => loading?.sendRecords(),
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

/** Says whether the beginning of a file is no text: it may be a spreadsheet or an archive. */
function isBinary(bytes) {
  const start = new TextDecoder().decode(bytes.subarray(0, 2000));
  const signs = start.match(/[\0-\x08\x0e-\x1a\ufffd]/g)?.length ?? 0;
  return signs > 5 && signs > start.length / 20;
}

/** The reading of files. */
class Loading {
  #stopping = new AbortController();
  #format = null; // of all files
  #cuts = []; // of each file: the parts that were sent, to be sent again for the records
  #lines = 0; // of the parts that are answered
  #line = 0; // that was answered last
  #bytes = 0;
  #summary = { records: 0, nameless: 0, repeats: 0, headers: 0, broken: 0, reasons: {} };
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
    let failure = null;
    try {
      for (const file of this.files) {
        if (this.#stopped || rows.full) break;
        await this.#read(file);
      }
    } catch (problem) {
      failure = problem.name === "AbortError" ? null : problem;
    }
    if (loading !== this) return;
    this.#report();
    send({
      done: {
        stopped: this.#stopped && !failure, empty: rows.length === 0, full: rows.full, problem: failure?.message,
        keyNeeded: failure instanceof KeyNeeded, records: !failure && !this.#stopped && this.#format?.records,
      },
    });
  }

  /** Returns the query of a part, of a format that is known or not. */
  #query(skip, last, more = []) {
    const query = [["skip", skip], ["more", !last], ...more];
    if (this.#format) query.push(["format", this.#format.format]);
    if (this.column) query.push(["column", this.column]);
    return query;
  }

  async #read(file) {
    const parts = new Parts(file, this.#stopping.signal, (bytes) => { this.#bytes += bytes; });
    const cuts = [];
    this.#cuts.push(cuts);
    let begun = new Uint8Array(0), skip = 0; // the lines of the file that every part begins with
    let format = null;
    for (let first = true; ; first = false) {
      const { bytes, last, failure } = await parts.next();
      if (this.#stopped || rows.full) return;
      if (first && isBinary(bytes)) throw unreadable(new Error("it is no text"));
      if (failure && bytes.length === 0) throw unreadable(failure);
      if (bytes.length === 0 && !first) return;
      const query = first && !this.column ? [["skip", 0], ["more", !last]] : this.#query(skip, last);
      let end = null;
      for await (const some of this.service.log(joined([begun, bytes]), query, this.#stopping.signal)) {
        if (loading !== this) return;
        for (const said of some) {
          if (said.text !== undefined) this.#add(said);
          else if (said.format !== undefined) format = this.#open(file, said, format);
          else if (said.lines !== undefined) end = said;
          else throw new Error(said.error);
        }
        if (rows.full) break;
        if (performance.now() >= this.#nextReport) this.#report();
      }
      if (rows.full) return;
      if (!end) throw new Error("The server broke off its answer.");
      this.#count(end);
      const { unread, sample, headers } = end.rest;
      if (unread > 0) parts.giveBack(bytes.slice(bytes.length - unread), unread === bytes.length);
      if (unread < bytes.length) cuts.push({ length: bytes.length - unread, begun, skip });
      if (first || skip === 0) {
        begun = bytes.slice(0, endOfLine(bytes, sample));
        skip = sample;
      }
      for (const header of headers) {
        begun = joined([begun, bytes.subarray(endOfLine(bytes, header - 1), endOfLine(bytes, header))]);
        skip++;
      }
      if (failure) throw unreadable(failure);
      if (last) return;
    }
  }

  /** Hears the format of a file, which all files must have. */
  #open(file, said, known) {
    if (known) return known;
    if (this.#format && this.#format.format !== said.format) {
      throw new Error(`${file.name} is read as ${said.title}, the files before it as ${this.#format.title}. Open them one by one.`);
    }
    if (!this.#format) {
      this.#format = said;
      send({ format: { ...said, column: this.column ?? "" } });
    }
    return said;
  }

  #add(said) {
    this.#line = this.#lines + said.line;
    rows.add(said, this.#line);
  }

  #count({ lines, reasons = {}, ...counts }) {
    this.#lines += lines;
    this.#line = this.#lines;
    for (const name of ["records", "nameless", "repeats", "headers", "broken"]) this.#summary[name] += counts[name];
    for (const [reason, count] of Object.entries(reasons)) {
      if (reason in this.#summary.reasons || Object.keys(this.#summary.reasons).length < most) {
        this.#summary.reasons[reason] = (this.#summary.reasons[reason] ?? 0) + count;
      }
    }
    send({ summary: this.#summary });
  }

  /** Sends the files with the verdicts in their records. */
  async sendRecords() {
    try {
      for (const [i, file] of this.files.entries()) {
        const written = [];
        const parts = new Cutter(file);
        for (const { length, begun, skip } of this.#cuts[i] ?? []) {
          const bytes = await parts.next(length);
          const query = this.#query(skip, false, [["write", "records"]]).filter(([name]) => name !== "more");
          written.push(await this.service.records(joined([begun, bytes]), query));
          if (loading !== this) return;
        }
        send({ record: { content: new Blob(written), name: file.name } });
      }
      send({ recordsDone: {} });
    } catch (problem) {
      send({ recordsDone: { problem: problem.message } });
    }
  }

  /** Reports progress. Arranging all rows may take long, so it gets a fifth of the time. */
  #report() {
    const now = performance.now();
    send({ progress: { lines: this.#line, names: rows.length, seconds: (now - this.#start) / 1000, share: this.#bytes / this.size || 0 } });
    show();
    this.#nextReport = now + Math.max(250, 5 * (performance.now() - now));
  }
}

function unreadable(problem) {
  return new Error(`The file cannot be read: ${problem.message}`);
}

/** Returns where the line with this number ends, from 1. */
function endOfLine(bytes, line) {
  let end = 0;
  for (let i = 0; i < line; i++) end = bytes.indexOf(10, end) + 1 || bytes.length;
  return end;
}
