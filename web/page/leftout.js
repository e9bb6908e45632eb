import { element, written } from "./dom.js";
import { pieceOfEach } from "./visible.js";

const longest = 1200; // characters; the time grows with their square

/**
 * Returns a text as it was given, with what its canonical form leaves out struck through. Returns
 * null if nothing was left out, or if that form writes something in another way, such as punycode.
 */
export function leftOut(text, canonical) {
  const from = [...text], to = [...canonical];
  if (text === canonical || from.length > longest || to.length > longest) return null;
  const kept = common(from.map(fold), to.map(fold));
  if (kept.filter(Boolean).length < to.length) return null; // some of it is written in another way

  const line = element("bdo", { dir: "ltr", class: "text" });
  let open = null;
  [...pieceOfEach(from)].forEach((piece, i) => {
    if (!open || (open.localName === "del") === kept[i]) {
      open = line.appendChild(element(kept[i] ? "span" : "del", kept[i] ? {} : { title: "left out" }));
    }
    open.append(written(piece));
  });
  return line.querySelector("del") && line;
}

const fold = (character) => character.toLowerCase();

/**
 * Says which elements of from are in a longest common subsequence. If there are several, it takes
 * the last one.
 */
function common(from, to) {
  const width = to.length + 1;
  const lengths = new Uint16Array((from.length + 1) * width); // for the first i elements of from and the first j of to
  for (let i = 1; i <= from.length; i++) {
    for (let j = 1; j <= to.length; j++) {
      lengths[i * width + j] = from[i - 1] === to[j - 1]
        ? lengths[(i - 1) * width + j - 1] + 1
        : Math.max(lengths[(i - 1) * width + j], lengths[i * width + j - 1]);
    }
  }
  const kept = new Array(from.length).fill(false);
  for (let i = from.length, j = to.length; i > 0 && j > 0;) {
    if (from[i - 1] === to[j - 1]) {
      kept[i - 1] = true;
      i--, j--;
    } else if (lengths[i * width + j - 1] >= lengths[(i - 1) * width + j]) j--;
    else i--;
  }
  return kept;
}
