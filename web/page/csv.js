import { visible } from "./visible.js";

/**
 * Writes a cell so that it stays one cell, even where semicolons separate cells, and so that no
 * spreadsheet takes it for a formula (OWASP, CSV injection). What looks like an escape of the page's
 * has its backslash written out, so that snowman label reads the text back.
 */
export function cell(text = "") {
  const apart = text.replace(/\\(?=x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8})/gi, "\\x5c");
  let written = visible(apart).replaceAll(";", "\\x3b");
  if (/^ *[=+\-@＝＋－＠]/.test(written)) written = "'" + written;
  return /[",]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
}
