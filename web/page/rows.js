import { cell } from "./csv.js";
import { binOf, bins, levels } from "./scores.js";

const refused = -1; // in place of a level
const mostRows = 5_000_000, mostCharacters = 400_000_000; // what a tab can hold

/** The rows of a table: names, each once, and their verdicts. Each column is an array. */
export class Rows {
  text = [];
  line = []; // of the file, where the name is first, as are the next two
  time = []; // as the log has it
  client = []; // index in clients
  clients = [""];
  #clientIndex = new Map([["", 0]]);
  times = [];
  score = [];
  level = [];
  kind = []; // index in kinds
  kinds = [];
  #reason = []; // index in reasons: why it is no public name
  #reasons = [""];
  #notes = new Map(); // few rows have any: {imitates, mentions, mixedScript, popular, userInfo, unwrappedFrom, allowed, error}, by row
  #known = new Map(); // rows by text
  #characters = 0;

  get length() {
    return this.text.length;
  }

  get full() {
    return this.length >= mostRows || this.#characters >= mostCharacters;
  }

  /** Counts a name, and keeps what the server says of it if it is new. */
  add(verdict, line) {
    const { text, client = "", time = "" } = verdict;
    const known = this.#known.get(text);
    if (known !== undefined) {
      this.times[known]++;
      return;
    }
    const row = this.length;
    const own = (" " + text).slice(1); // a slice would keep the whole string, hundreds of lines, in memory
    this.#known.set(own, row);
    this.#characters += text.length + time.length;
    this.text.push(own);
    this.line.push(line);
    this.time.push(time && (" " + time).slice(1));
    this.client.push(this.#indexOfClient(client));
    this.times.push(1);
    this.score.push(NaN);
    this.level.push(refused);
    this.kind.push(-1);
    this.#reason.push(0);
    this.#settle(row, verdict);
  }

  #indexOfClient(client) {
    let index = this.#clientIndex.get(client);
    if (index === undefined) {
      const own = (" " + client).slice(1);
      index = this.clients.push(own) - 1;
      this.#clientIndex.set(own, index);
      this.#characters += own.length;
    }
    return index;
  }

  #settle(row, { score, level, kind, allowed, error, imitates, mentions, mixed_script: mixedScript, popular, not_public: notPublic = "", user_info: userInfo, unwrapped_from: unwrappedFrom }) {
    if (imitates || mentions || mixedScript || popular || userInfo || unwrappedFrom || allowed || error) {
      this.#notes.set(row, { imitates, mentions, mixedScript, popular, userInfo, unwrappedFrom, allowed, error });
    }
    this.#reason[row] = this.#reasons.indexOf(notPublic);
    if (this.#reason[row] < 0) this.#reason[row] = this.#reasons.push(notPublic) - 1;
    if (error !== undefined) {
      this.level[row] = refused;
      return;
    }
    this.score[row] = score;
    this.level[row] = levels.indexOf(level);
    this.kind[row] = this.kinds.indexOf(kind);
    if (this.kind[row] < 0) this.kind[row] = this.kinds.push(kind) - 1;
  }

  /**
   * Filters and sorts. Returns the rows in their order, and a histogram of the rows that pass all
   * filters but that of the score. The level -1 asks for rows that were not scored. Equal rows stay
   * in the order of the file.
   */
  arrange({ contains, level, kind, alike, lowest, highest, sort, descending }) {
    const wanted = contains.toLowerCase();
    const histogram = new Array(bins.count).fill(0);
    const order = [];
    for (let row = 0; row < this.length; row++) {
      const reached = this.level[row], score = this.score[row];
      if (level === refused ? reached !== refused : level > 0 && reached < level) continue;
      if (kind !== "" && this.kinds[this.kind[row]] !== kind) continue;
      if (alike && !this.#notes.get(row)?.imitates) continue;
      if (wanted !== "" && !this.text[row].toLowerCase().includes(wanted) && !this.clients[this.client[row]].toLowerCase().includes(wanted)) continue;
      if (reached !== refused) histogram[binOf(score)]++;
      if (lowest !== null && !(score >= lowest)) continue; // true also if there is no score
      if (highest !== null && !(score <= highest)) continue;
      order.push(row);
    }
    const column = this[sort];
    const value = { score: (row) => column[row] || -1, kind: (row) => this.kinds[column[row]] ?? "", client: (row) => this.clients[column[row]] }[sort] ?? ((row) => column[row]);
    const sign = descending ? -1 : 1;
    order.sort((a, b) => {
      const x = value(a), y = value(b);
      return x < y ? -sign : x > y ? sign : a - b;
    });
    return { order, histogram };
  }

  /** Returns all that is known of a row. A row that was not scored has no level. */
  at(row) {
    return {
      text: this.text[row], line: this.line[row], client: this.clients[this.client[row]], time: this.time[row], times: this.times[row], score: this.score[row],
      level: levels[this.level[row]] ?? "", kind: this.kinds[this.kind[row]] ?? "",
      notPublic: this.#reasons[this.#reason[row]], ...this.#notes.get(row),
    };
  }

  /**
   * Returns rows as CSV (RFC 4180), with texts as the page shows them, and with {label, date} of the
   * texts of which somebody has said what they are.
   */
  csv(order, labels) {
    const parts = ["text,score,level,kind,times,line,client,time,imitates,mentions,mixed_script,popular,not_public,user_info,unwrapped_from,allowed_by,error,label,date\r\n"];
    for (let start = 0; start < order.length; start += 10_000) {
      parts.push(order.slice(start, start + 10_000).map((row) => this.#record(row, labels)).join(""));
    }
    return new Blob(parts, { type: "text/csv" });
  }

  #record(row, labels) {
    const { text, score, level, kind, times, line, client, time, imitates, mentions, mixedScript, popular, notPublic, userInfo, unwrappedFrom, allowed, error } = this.at(row);
    const { label = "", date = "" } = labels.get(text) ?? {};
    return [
      cell(text), level && score, level, cell(kind), times, line, cell(client), cell(time),
      cell(imitates), cell(mentions), mixedScript ?? "", popular ?? "", cell(notPublic), userInfo ?? "", cell(unwrappedFrom), cell(allowed && `${allowed.entry} in ${allowed.list}`), cell(error),
      label, date,
    ].join(",") + "\r\n";
  }
}
