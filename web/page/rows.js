// The rows of the table, in a worker, so that the page stays quick however many there are:
//
//   file -> lines -> names, each once -> server, some thousands at a time -> rows -> filtered, sorted -> one page
//
// A name that comes again is counted, not asked for again.

import { lines, recognise } from "./readers.js";
import { binOf, bins, levels } from "./scores.js";
import { batch, KeyNeeded, Service } from "./service.js";
import { visible } from "./visible.js";

const most = 5_000_000; // rows; memory is some 200 bytes each
const atATime = 2; // requests, so that the server never waits
const longestText = 65_536;

const pending = -2, refused = -1; // in place of a level

let rows, loading, view, shown;

/** Columns of rows, by index. What few rows have stands in maps. */
function noRows() {
  return {
    text: [], line: [], times: [], score: [], level: [], kind: [],
    notes: new Map(), // {imitates, mixedScript, allowed, error}
    index: new Map(), // of a text
    kinds: [],
  };
}

const actions = {
  open: ({ file, key, column }) => load(file, key, column),
  stop: () => loading?.abort(),
  view(asked) {
    view = asked;
    show();
  },
  csv: () => postMessage({ csv: csv(arrange().order) }),
};

onmessage = ({ data }) => actions[data.action](data);

/** Reads a file and has its names scored. */
async function load(file, key, column) {
  loading?.abort();
  const stopping = loading = new AbortController();
  const { signal } = stopping;
  const service = new Service(key);
  rows = noRows();
  const underWay = new Set();
  const start = performance.now();
  let read = 0, lineNumber = 0, scored = 0, told = 0, format = null, queue = [], characters = 0, failure = null, full = false;

  const tell = (now) => {
    told = now;
    const seconds = (now - start) / 1000;
    postMessage({ progress: { lines: lineNumber, rows: scored, seconds, share: Math.min(1, read / (expected * file.size || 1)) } });
    show();
  };
  // Of a gzipped file nobody knows how long it is; names are a fifth of its text.
  const expected = /\.gz$/i.test(file.name ?? "") ? 5 : 1;

  const send = (indices) => {
    const request = service.score(indices.map((i) => rows.text[i]), signal).then((verdicts) => {
      verdicts.forEach((verdict, i) => settle(indices[i], verdict));
      scored += indices.length;
      const now = performance.now();
      // Arranging all rows anew may take long: at most a fifth of the time is given to it.
      if (now - told > Math.max(250, 5 * shown?.took)) tell(now);
    }).catch((problem) => {
      failure ??= problem;
      stopping.abort();
    }).finally(() => underWay.delete(request));
    underWay.add(request);
  };
  const flush = async () => {
    const indices = queue;
    queue = [];
    characters = 0;
    while (underWay.size >= atATime) await Promise.race(underWay);
    if (!signal.aborted && indices.length > 0) send(indices);
  };

  try {
    for await (const some of lines(file)) {
      if (!format) {
        format = recognise(some);
        if (column && format.columns.includes(column)) format.column = column;
        postMessage({ format: { name: format.name, columns: format.columns, column: format.column } });
      }
      for (const line of some) {
        lineNumber++;
        read += line.length + 1;
        for (const name of format.names(line)) {
          const known = rows.index.get(name);
          if (known !== undefined) {
            rows.times[known]++;
            continue;
          }
          if (rows.text.length === most) {
            full = true;
            break;
          }
          const index = add(name, lineNumber);
          if (name.length > longestText) {
            settle(index, { error: `longer than ${longestText} bytes` });
            continue;
          }
          queue.push(index);
          characters += name.length;
          // The first answer should come soon.
          if (queue.length >= (scored === 0 ? 200 : batch.texts) || characters >= batch.characters) await flush();
          if (signal.aborted) break;
        }
        if (full || signal.aborted) break;
      }
      if (full || signal.aborted) break;
    }
    await flush();
    await Promise.all(underWay);
  } catch (problem) {
    failure ??= new Error(`The file cannot be read: ${problem.message}`);
  }
  if (loading !== stopping) return; // another file was opened
  loading = null;
  if (failure?.name === "AbortError") failure = null;
  tell(performance.now());
  postMessage({
    done: {
      stopped: signal.aborted && !failure,
      full: full && most,
      problem: failure?.message,
      keyNeeded: failure instanceof KeyNeeded,
    },
  });
}

function add(text, line) {
  const index = rows.text.length;
  rows.index.set(text, index);
  rows.text.push(text);
  rows.line.push(line);
  rows.times.push(1);
  rows.score.push(NaN);
  rows.level.push(pending);
  rows.kind.push(-1);
  return index;
}

function settle(index, verdict) {
  if (verdict.error !== undefined) {
    rows.level[index] = refused;
    rows.notes.set(index, { error: verdict.error });
    return;
  }
  rows.score[index] = verdict.score;
  rows.level[index] = levels.indexOf(verdict.level);
  let kind = rows.kinds.indexOf(verdict.kind);
  if (kind < 0) kind = rows.kinds.push(verdict.kind) - 1;
  rows.kind[index] = kind;
  if (verdict.imitates || verdict.mixed_script || verdict.allowed) {
    rows.notes.set(index, { imitates: verdict.imitates, mixedScript: verdict.mixed_script, allowed: verdict.allowed });
  }
}

/** Filters and sorts: returns the rows to be shown, in their order, and the histogram of all but the score's filter. */
function arrange() {
  const { contains, level, kind, lowest, highest, sort, descending } = view;
  const wanted = contains.toLowerCase();
  const ofKind = rows.kinds.indexOf(kind);
  const histogram = new Array(bins.count).fill(0);
  const order = [];
  for (let i = 0; i < rows.text.length; i++) {
    const reached = rows.level[i];
    if (reached === pending) continue;
    if (level === -1 ? reached !== refused : reached < level && level > 0) continue;
    if (kind !== "" && rows.kind[i] !== ofKind) continue;
    if (wanted !== "" && !rows.text[i].toLowerCase().includes(wanted)) continue;
    const score = rows.score[i];
    if (reached !== refused) histogram[binOf(score)]++;
    // What was not scored has no score within any bounds.
    if (lowest !== null && !(score >= lowest) || highest !== null && !(score <= highest)) continue;
    order.push(i);
  }
  const column = rows[sort];
  const value = sort === "kind" ? (i) => rows.kinds[column[i]] ?? "" : sort === "score" ? (i) => column[i] || -1 : (i) => column[i];
  const sign = descending ? -1 : 1;
  // Equal ones stay in the order of the file.
  order.sort((a, b) => {
    const x = value(a), y = value(b);
    return x < y ? -sign : x > y ? sign : a - b;
  });
  return { order, histogram };
}

/** Sends the page of the table that is looked at. */
function show() {
  if (!rows || !view) return;
  const start = performance.now();
  const { order, histogram } = arrange();
  const first = Math.max(0, Math.min(view.first, order.length - 1));
  const from = first - first % view.count;
  shown = { took: performance.now() - start };
  postMessage({
    view: {
      rows: order.slice(from, from + view.count).map(row),
      first: from, matching: order.length, all: rows.text.length, histogram, kinds: rows.kinds,
    },
  });
}

function row(i) {
  return {
    text: rows.text[i], line: rows.line[i], times: rows.times[i], score: rows.score[i],
    level: levels[rows.level[i]] ?? "", kind: rows.kinds[rows.kind[i]] ?? "", ...rows.notes.get(i),
  };
}

/** Returns rows as CSV (RFC 4180), texts as the page shows them. */
function csv(order) {
  const parts = ["text,score,level,kind,times,line,imitates,mixed_script,allowed_by,error\r\n"];
  for (let start = 0; start < order.length; start += 10_000) {
    parts.push(order.slice(start, start + 10_000).map((i) => {
      const { text, score, level, kind, times, line, imitates, mixedScript, allowed, error } = row(i);
      const cells = [cell(text), Number.isNaN(score) ? "" : score, level, cell(kind), times, line,
        cell(imitates), mixedScript ? "true" : "", cell(allowed && `${allowed.entry} in ${allowed.list}`), cell(error)];
      return cells.join(",") + "\r\n";
    }).join(""));
  }
  return new Blob(parts, { type: "text/csv" });
}

/** Writes a cell so that it is one cell, and none that a spreadsheet takes for a formula. */
function cell(text = "") {
  let written = visible(text);
  if (/^[=+\-@]/.test(written)) written = "'" + written;
  return /[",]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
}
