import { pieces } from "./visible.js";

/** Makes an element. Children are elements, strings, which never become markup, or nothing. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child));
  return made;
}

/** Makes an SVG element. */
export function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Makes a node that shows a piece of somebody else's text. */
export function written({ text, escaped }) {
  return escaped ? element("span", { class: "escaped" }, text) : text;
}

/**
 * Makes an element that shows somebody else's text from left to right, whatever its letters are.
 */
export function foreign(text, limit = 2000) {
  const shown = text.slice(0, limit);
  const made = element("bdo", { dir: "ltr", class: "text" });
  made.append(...pieces(shown).map(written));
  if (text.length > limit) made.append(element("span", { class: "more" }, `… ${number(text.length)} characters`));
  return made;
}

const format = new Intl.NumberFormat("en");

/** Writes a whole number with separated thousands. */
export function number(value) {
  return format.format(value);
}

/** Writes a score with five digits, but never as 1, which would mean certain. */
export function scoreText(score) {
  return score > 0.999995 ? "> 0.99999" : score.toFixed(5);
}

/** Copies a text. It works over plain HTTP, too. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = document.activeElement;
  const field = element("textarea", { "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  if (!copied) throw new Error("this browser does not let the page copy");
}

/** Has the browser keep a blob as a file. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
