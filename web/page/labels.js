// What somebody says of texts: benign or malicious. It is kept in the browser alone, for training:
// nothing of it is sent to the server.

import { cell } from "./csv.js";
import { element, number } from "./dom.js";
import { visible } from "./visible.js";

const key = "snowman-labels";
const most = 10_000, mostCharacters = 2_000_000; // a browser keeps some five million for a site
const words = ["benign", "malicious"];

/** Labels by text. All pages of the site in this browser share them. */
export class Labels {
  #known = new Map(); // {label, date} by text
  #kept = true; // by the browser

  /** Calls changed whenever there are other labels. */
  constructor(changed) {
    this.changed = changed;
    this.#read();
    addEventListener("storage", (event) => {
      if (event.key !== key && event.key !== null) return;
      this.#read();
      this.changed();
    });
  }

  get size() {
    return this.#known.size;
  }

  /** Says whether labels outlive the page. A browser may forbid it. */
  get kept() {
    return this.#kept;
  }

  labelOf(text) {
    return this.#known.get(text)?.label;
  }

  /** Returns the number of texts with each label, by label. */
  counts() {
    const counts = Object.fromEntries(words.map((word) => [word, 0]));
    for (const { label } of this.#known.values()) counts[label]++;
    return counts;
  }

  /** Returns all as [text, {label, date}]. */
  entries() {
    return [...this.#known];
  }

  /** Sets the label of a text, or takes it away where there is none. Throws if there are too many. */
  set(text, label) {
    this.#read(); // another page may have set some
    const before = this.#known.get(text);
    if (label) this.#known.set(text, { label, date: new Date().toISOString().slice(0, "2026-11-28".length) });
    else this.#known.delete(text);
    try {
      const characters = [...this.#known.keys()].reduce((sum, known) => sum + known.length, 0);
      if (label && (this.size > most || characters > mostCharacters)) {
        throw new Error(`There are ${number(this.size - 1)} labels, and no room for more. Download them, and forget them here.`);
      }
      this.#write();
    } catch (problem) {
      if (before) this.#known.set(text, before);
      else this.#known.delete(text);
      throw problem;
    } finally {
      this.changed();
    }
  }

  forget() {
    this.#known.clear();
    try {
      localStorage.removeItem(key);
    } catch {} // nothing is kept
    this.changed();
  }

  /** Returns all labels as CSV (RFC 4180). */
  csv() {
    const rows = this.entries().map(([text, { label, date }]) => `${cell(text)},${label},${date}\r\n`);
    return new Blob(["text,label,date\r\n", ...rows], { type: "text/csv" });
  }

  /** Reads what the browser keeps. Whatever else stands there is no label. */
  #read() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key) ?? "[]");
    } catch (problem) {
      if (!(problem instanceof SyntaxError)) this.#kept = false;
      if (!this.#kept) return; // what this page knows is all there is
    }
    this.#known.clear();
    for (const entry of Array.isArray(kept) ? kept.slice(0, most) : []) {
      const [text, label, date] = Array.isArray(entry) ? entry : [];
      if (typeof text === "string" && words.includes(label) && /^\d{4}-\d\d-\d\d$/.test(date)) this.#known.set(text, { label, date });
    }
  }

  #write() {
    if (!this.#kept) return;
    try {
      localStorage.setItem(key, JSON.stringify(this.entries().map(([text, { label, date }]) => [text, label, date])));
    } catch {
      throw new Error("This browser keeps no more labels. Download them, and forget them here.");
    }
  }
}

/**
 * Makes the buttons with which somebody says what a text is. Pressing one again takes the word back.
 * Problems are for failed(problem) to show.
 */
export function buttons(labels, text, failed) {
  const group = element("span", { class: "say", role: "group", "aria-label": `You say of ${visible(text.slice(0, 200))}` });
  for (const word of words) {
    group.append(element("button", { type: "button", class: word, value: word, "aria-pressed": String(labels.labelOf(text) === word), onclick: () => {
      try {
        labels.set(text, labels.labelOf(text) === word ? undefined : word);
      } catch (problem) {
        failed(problem);
      }
    } }, word));
  }
  group.text = text;
  return group;
}

/** Has the buttons in an element show what somebody says now. */
export function refresh(within, labels) {
  for (const group of within.querySelectorAll(".say")) {
    for (const button of group.children) button.setAttribute("aria-pressed", String(labels.labelOf(group.text) === button.value));
  }
}

/** Shows in an element how many labels there are, and what can be done with them. */
export function summary(labels, download) {
  const count = element("strong", { class: "numbers" }), where = element("span", { class: "hint" });
  const forget = element("button", { type: "button", class: "forget" });
  const ask = (asks) => {
    forget.asks = asks;
    forget.textContent = asks ? `Really forget ${number(labels.size)}?` : "Forget all";
  };
  forget.onclick = () => (forget.asks ? labels.forget() : ask(true));
  forget.onblur = () => ask(false);
  forget.onkeydown = (event) => {
    if (event.key === "Escape") ask(false);
  };
  const shown = element("section", { class: "labels", "aria-labelledby": "labels-heading" },
    element("h2", { id: "labels-heading" }, "What you said"),
    element("p", {}, count, " ", where),
    element("p", { class: "actions" },
      element("button", { type: "button", onclick: () => download(labels.csv(), "snowman-labels.csv") }, "Download labels"), forget,
      element("span", { class: "hint" }, element("code", {}, "snowman label"), " makes rows to train on of them")));
  return {
    shown,
    update() {
      shown.hidden = labels.size === 0;
      count.textContent = Object.entries(labels.counts()).map(([word, n]) => `${number(n)} ${word}`).join(", ");
      where.textContent = labels.kept
        ? "kept in this browser, for this address, until you forget them; nothing of it is sent to the server"
        : "this browser keeps nothing: they are gone when you leave the page; nothing of it is sent to the server";
      ask(false);
    },
  };
}
