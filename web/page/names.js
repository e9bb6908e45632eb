// Which words look like names, and what may stand around them.

/** Returns the names in a line: its only word, or else the words that look like names. */
export function namesIn(line) {
  const words = line.split(/[\t-\r \u00a0]+/).flatMap(apart).map(bare).filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (words.length < 2) return words;
  const names = words.filter((word) => isURL.test(word) || (looksLikeAName(word) && !isNone.test(word)));
  if (names.length > 0) return names;
  return words.every((word) => isAddress.test(word)) ? words : [];
}

export const isURL = /^(h(tt|xx)ps?|ftp):/i;
export const isAddress = /^\d+\.\d+\.\d+\.\d+(:\d+)?$/;

// What logs have with a dot between letters that is no name: times, paths, media types.
const isNone = /^(\d{4}-\d\d-\d\dT|\/|(application|audio|font|image|text|video)\/)/;

/**
 * Says whether there is a dot between letters. A single expression would take the cube of the
 * length.
 */
export function looksLikeAName(value) {
  const [start] = value.match(/^[^\s,;]*/);
  const letter = start.search(/\p{L}/u), dot = start.indexOf(".", letter);
  return letter >= 0 && dot >= 0 && /\p{L}/u.test(start.slice(dot));
}

/** Cuts a word at its commas, but not in the path of a URL, which may have some, too. */
function apart(word) {
  const parts = word.split(/[,;|]/);
  if (parts.length === 1 || parts.every(looksLikeAName)) return parts;
  return isURL.test(word) || parts[0].includes("/") || !word.includes(".") ? [word] : parts;
}

const opening = { ")": "(", ">": "<", '"': '"', "'": "'", "`": "`" };
const mostAround = 8; // characters

/** Removes what may stand around a name: quotation marks, brackets, commas, the name of a value. */
function bare(word) {
  word = word.split("](").at(-1).replace(/^(\w+=|\+(?=h(tt|xx)ps?:))/i, "").replace(/^\[(?=["'])/, "").replace(/(["'])\]$/, "$1");
  for (let i = 0; i < mostAround; i++) {
    const first = word[0], last = word.at(-1), within = word.slice(1, -1);
    if (/[,;:.]/.test(last)) word = word.slice(0, -1);
    else if (last in opening && first === opening[last] && word.length > 1) word = within;
    else if (last in opening && !within.includes(opening[last]) && first !== opening[last]) word = word.slice(0, -1);
    else if (/[(<"'`]/.test(first) && !within.includes(first) && last !== first) word = word.slice(1);
    else break;
  }
  return word;
}
