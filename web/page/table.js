import { download, element, foreign, number, scoreText } from "./dom.js";
import { histogram } from "./histogram.js";
import { chip } from "./result.js";
import { visible } from "./visible.js";

const pageLength = 100;
const longestChoice = 80; // characters of a column's name that are shown

// Columns of the class numeric are aligned; a phone does not show those of the class less, and
// nothing those of the class told if the log does not tell.
const columns = [
  { name: "Score", sort: "score", descending: true, class: "numeric" },
  { name: "Level" },
  { name: "Kind", sort: "kind", class: "less" },
  { name: "Name", sort: "text" },
  { name: "Times", sort: "times", descending: true, class: "numeric less" },
  { name: "Client", sort: "client", class: "less told" },
  { name: "Time", sort: "time", class: "less told" },
  { name: "Line", sort: "line", class: "numeric less" },
];

const part = (id) => document.getElementById(id);

/** The table of many names. A worker has the rows; this shows one page of them. */
export class Table {
  #worker = newWorker();
  #view = { sort: "score", descending: true, first: 0 };
  #shown = { first: 0, matching: 0 };
  #opening = 0; // counts files, to tell what the worker says of an earlier one
  #files = [];
  #model = null;
  #opened = null; // the row whose verdict is shown, by its text
  #counts = ""; // in words

  /**
   * explain(text) returns a promise of the element that explains a verdict, say(text) the buttons
   * that label a text, labels() all labels, done(report) hears how reading ended, and reread(files,
   * column) opens the table again.
   */
  constructor({ explain, say, labels, done, reread }) {
    this.explain = explain;
    this.say = say;
    this.done = done;
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = () => this.#end({ problem: "The table has failed. Open the file again." });
    part("stop").onclick = () => this.#worker.postMessage({ action: "stop" });
    part("records").onclick = () => {
      part("records").disabled = true;
      this.#worker.postMessage({ action: "records" });
    };
    part("csv").onclick = () => this.#worker.postMessage({ action: "csv", labels: labels() });
    part("first").onclick = () => this.#turnTo(0);
    part("previous").onclick = () => this.#turnTo(this.#shown.first - pageLength);
    part("next").onclick = () => this.#turnTo(this.#shown.first + pageLength);
    part("last").onclick = () => this.#turnTo(this.#shown.matching - 1);
    part("column").onchange = () => reread(this.#files, part("column").value);
    const filters = part("filters");
    filters.onsubmit = (event) => event.preventDefault();
    filters.oninput = () => this.#turnTo(0);
    filters.onreset = () => setTimeout(() => this.#turnTo(0)); // after the fields are emptied
    this.#headings();
    new ResizeObserver(() => this.#draw()).observe(part("histogram"));
  }

  /** Reads files and shows their names. What is typed is a file without a name. */
  open(files, key, model, column) {
    this.#files = files;
    this.#model = model;
    this.#opened = null;
    part("table").hidden = false;
    part("table").classList.add("busy");
    part("progress").removeAttribute("value");
    part("pace").textContent = "";
    part("format").textContent = "";
    part("left").textContent = "";
    part("records").hidden = true;
    part("table").classList.remove("tells");
    part("range").textContent = "";
    part("histogram").replaceChildren();
    this.#shown = { first: 0, matching: 0 };
    const [{ name }] = files;
    part("table-heading").replaceChildren(files.length > 1 ? `${number(files.length)} files` : name === "" ? "Names" : foreign(name, 100));
    if (!column && name !== "") part("filters").reset();
    part("rows").replaceChildren();
    if (!column) part("column-label").hidden = true;
    this.#view.first = 0;
    this.#worker.postMessage({ action: "open", files, key, column, wanted: this.#wanted(), opening: ++this.#opening });
  }

  /** Hides the table and forgets its rows. */
  close() {
    this.#opening++;
    this.#worker.postMessage({ action: "close" });
    part("table").hidden = true;
  }

  #turnTo(first) {
    this.#view.first = Math.max(0, first);
    this.#worker.postMessage({ action: "view", wanted: this.#wanted() });
  }

  /** Returns which rows to show, and in which order. */
  #wanted() {
    const bound = (id) => (part(id).value === "" ? null : Number(part(id).value));
    return {
      ...this.#view, count: pageLength,
      contains: part("contains").value, level: Number(part("level").value), kind: part("kind").value, alike: part("alike").checked,
      lowest: bound("lowest"), highest: bound("highest"),
    };
  }

  #receive({ opening, progress, format, summary, view, done, csv, record, recordsDone }) {
    if (opening !== this.#opening) return;
    if (progress) this.#showProgress(progress);
    if (format) this.#showFormat(format);
    if (summary) part("left").textContent = leftOut(summary);
    if (view) this.#showRows(view);
    if (record) download(record.content, nameOfRecords(record.name));
    if (recordsDone) {
      part("records").disabled = false;
      if (recordsDone.problem) this.done(recordsDone);
    }
    if (csv) download(csv, "snowman.csv");
    if (done) this.#end(done);
  }

  #end(report) {
    part("table").classList.remove("busy");
    part("pace").textContent = this.#counts;
    part("records").hidden = !report.records || this.#files[0].name === "";
    part("records").disabled = false;
    this.done(report);
  }

  #showProgress({ lines, names, seconds, share }) {
    part("progress").value = share;
    this.#counts = `${number(names)} different names in ${number(lines)} lines`;
    part("pace").textContent = `${this.#counts}, ${number(Math.round(names / seconds))} a second, ${duration((seconds * (1 - share)) / share)} left`;
  }

  /** Says as what a file is read, and why. */
  #showFormat({ title, fit, sampled, columns: choices = [], found = [], column }) {
    const why = fit ? `${number(fit)} of its first ${number(sampled)} lines are that` : "no log that is known";
    part("format").textContent = this.#files[0].name === "" && !fit ? "" : `read as ${title}: ${why}`;
    part("column-label").hidden = choices.length < 2;
    const options = choices.map((choice) => ({ choice, words: visible(choice.slice(0, longestChoice)) }));
    if (found.length !== 1) options.unshift({ choice: "", words: found.map((name) => visible(name)).join(" and ") });
    const chosen = column || (found.length === 1 ? found[0] : "");
    part("column").replaceChildren(...options.map(({ choice, words }) => element("option", { value: choice, selected: choice === chosen }, words)));
  }

  #headings() {
    part("headings").replaceChildren(...columns.map((column) => {
      const sorted = column.sort === this.#view.sort;
      const direction = sorted ? (this.#view.descending ? "descending" : "ascending") : undefined;
      const heading = column.sort
        ? element("button", { type: "button", class: "plain", onclick: () => this.#sortBy(column) }, column.name)
        : column.name;
      return element("th", { scope: "col", "aria-sort": direction, class: column.class }, heading);
    }));
  }

  #sortBy({ sort, descending = false }) {
    const again = sort === this.#view.sort;
    this.#view = { ...this.#view, sort, descending: again ? !this.#view.descending : descending };
    const focused = document.activeElement?.textContent;
    this.#headings();
    [...part("headings").querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
    this.#turnTo(0);
  }

  #showRows(view) {
    this.#shown = view;
    const { rows, first, matching, kinds } = view;
    part("range").textContent = matching === 0 ? "none match" : `${number(first + 1)}–${number(first + rows.length)} of ${number(matching)}`;
    for (const [id, off] of [["first", first === 0], ["previous", first === 0], ["next", first + pageLength >= matching], ["last", first + pageLength >= matching]]) {
      part(id).disabled = off;
    }
    this.#showKinds(kinds);
    this.#draw();
    this.#fill(rows);
    if (rows.some(({ client, time }) => client !== "" || time !== "")) part("table").classList.add("tells");
  }

  #draw() {
    const width = part("histogram").clientWidth;
    if (!this.#shown.histogram || width === 0) return; // nothing to draw, or nowhere
    part("histogram").replaceChildren(histogram(width, this.#shown.histogram, this.#model, (from, to) => {
      part("lowest").value = from || "";
      part("highest").value = to === 1 ? "" : to;
      this.#turnTo(0);
    }));
  }

  #showKinds(kinds) {
    const known = new Set([...part("kind").options].map((option) => option.value));
    for (const kind of kinds) {
      if (!known.has(kind)) part("kind").append(element("option", { value: kind }, kind));
    }
  }

  /**
   * Fills the page. While rows come in, what is open stays open and the focus stays where it is.
   */
  #fill(rows) {
    const body = part("rows");
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("tr")?.text : undefined;
    const word = document.activeElement.closest(".say") && document.activeElement.value;
    const opened = body.querySelector("tr.opened");
    const within = opened?.contains(document.activeElement) && document.activeElement;
    body.replaceChildren(...rows.flatMap((row) => {
      const made = this.#row(row);
      return opened && row.text === this.#opened ? [made, opened] : [made];
    }));
    if (!body.contains(opened)) this.#opened = null;
    else if (within) within.focus({ preventScroll: true });
    for (const made of body.rows) {
      if (made.text === undefined) continue;
      const button = made.querySelector("button");
      button.setAttribute("aria-expanded", String(made.text === this.#opened));
      if (made.text === focused) ((word && made.querySelector(`.say [value=${word}]`)) || button).focus({ preventScroll: true });
    }
  }

  #row(row) {
    const scored = row.level !== "";
    const button = element("button", { type: "button", class: "plain name", "aria-expanded": "false" }, foreign(row.text, 300));
    const made = element("tr", {},
      element("td", { class: "numeric" }, scored ? scoreText(row.score) : ""),
      element("td", {}, scored ? chip(row.level) : element("span", { class: "hint" }, "not scored")),
      element("td", { class: "less" }, row.kind),
      element("td", { class: "name" }, button, notes(row), scored && !row.notPublic && this.say(row.text)),
      element("td", { class: "numeric less" }, number(row.times)),
      element("td", { class: "less told" }, row.client && foreign(row.client, 64)),
      element("td", { class: "less told" }, row.time && foreign(row.time, 64)),
      element("td", { class: "numeric less" }, number(row.line)),
    );
    made.text = row.text;
    button.disabled = !scored;
    // A click anywhere in a row opens it, unless it ends a selection or says what the text is.
    if (scored) made.onclick = ({ target }) => !target.closest(".say") && (button.contains(target) || getSelection().isCollapsed) && this.#toggle(made, button);
    return made;
  }

  /** Opens the verdict on a row below it, or closes it. */
  async #toggle(made, button) {
    const wasOpen = this.#opened === made.text;
    part("rows").querySelector("tr.opened")?.remove();
    for (const other of part("rows").querySelectorAll("button[aria-expanded=true]")) other.setAttribute("aria-expanded", "false");
    this.#opened = wasOpen ? null : made.text;
    if (wasOpen) return;
    const cell = element("td", { colspan: columns.length });
    made.after(element("tr", { class: "opened" }, cell));
    button.setAttribute("aria-expanded", "true");
    cell.append(await this.explain(made.text));
  }
}

function notes({ imitates, mentions, mixedScript, popular, notPublic, userInfo, unwrappedFrom, allowed, error }) {
  const said = element("span", { class: "notes" });
  const add = (kind, ...words) => said.append(element("span", { class: kind }, ...words));
  if (imitates) add("odd", "looks like ", foreign(imitates, 100));
  if (mentions) add("odd", "mentions ", foreign(mentions, 100));
  if (mixedScript) add("odd", "mixed scripts");
  if (popular) add("", "popular");
  if (notPublic) add("", "not public: ", notPublic);
  if (userInfo) add("odd", "had a user before an @");
  if (unwrappedFrom) add("", "link of ", foreign(unwrappedFrom, 100));
  if (allowed) add("", "allowed by ", foreign(allowed.entry, 100));
  if (error) add("", foreign(error, 200));
  return said.hasChildNodes() && said;
}

/** Says how many records gave no name, and why. */
function leftOut({ nameless, repeats, headers, broken, reasons }) {
  const said = [];
  const say = (count, one, more) => count > 0 && said.push(`${number(count)} ${count === 1 ? one : more}`);
  say(nameless, "record has no name", "records have no name");
  say(repeats, "is an answer to a question of the same log", "are answers to questions of the same log");
  say(headers, "is a header, a comment or blank", "are headers, comments or blank");
  say(broken, "is broken", "are broken");
  const why = Object.entries(reasons).map(([reason, count]) => (count === broken ? reason : `${number(count)}: ${reason}`));
  return said.length === 0 ? "" : `Lines that gave no name: ${said.join(", ")}${why.length > 0 ? ` (${why.join("; ")})` : ""}.`;
}

/** Returns the name of a file with verdicts: dns-scored.log for dns.log.gz. */
function nameOfRecords(name) {
  const plain = name.replace(/\.(gz|zst)$/i, "");
  const dot = plain.lastIndexOf(".");
  return dot > 0 ? `${plain.slice(0, dot)}-scored${plain.slice(dot)}` : `${plain}-scored`;
}

function duration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

// Under Trusted Types a policy must make a worker's address. This one can make no other.
function newWorker() {
  const address = new URL("worker.js", import.meta.url).href;
  const policy = globalThis.trustedTypes?.createPolicy("snowman", { createScriptURL: () => address });
  return new Worker(policy ? policy.createScriptURL("") : address, { type: "module" });
}
