// Names in words: which words look like names, and what stands around them.

/** Returns the names in a line: the line itself, or, of a log or a sentence, the words that look like names. */
export function namesIn(line) {
  const words = line.split(/[\t-\r \u00a0]+/).flatMap(apart).map(bare).filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (words.length < 2) return words;
  const names = words.filter((word) => isURL.test(word) || (looksLikeAName(word) && !isTime.test(word)));
  if (names.length > 0) return names;
  return words.every((word) => isAddress.test(word)) ? words : [line.trim()];
}

export const isURL = /^(h(tt|xx)ps?|ftp):/i;
const isTime = /^\d{4}-\d\d-\d\dT/, isAddress = /^\d+\.\d+\.\d+\.\d+(:\d+)?$/;

/** Says whether there is a dot between letters, in steps: one expression for all would take the cube of the length. */
export function looksLikeAName(value) {
  const [start] = value.match(/^[^\s,;]*/);
  const letter = start.search(/\p{L}/u), dot = start.indexOf(".", letter);
  return letter >= 0 && dot >= 0 && /\p{L}/u.test(start.slice(dot));
}

/** Cuts a word at its commas where each part looks like a name: in the path of a URL there may be some, too. */
function apart(word) {
  const parts = word.split(/[,;]/);
  return parts.length > 1 && parts.every(looksLikeAName) ? parts : [word];
}

const opening = { ")": "(", ">": "<", '"': '"', "'": "'", "`": "`" };
const mostAround = 8; // signs

/** Takes away what a text has around its names: quotation marks, brackets, commas. */
function bare(word) {
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
