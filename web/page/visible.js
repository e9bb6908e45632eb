// Texts are chosen by attackers. What of them cannot be seen is written out as Go writes it in a string:
// control characters, what has no width or changes the direction of a line, spaces that are none, and marks
// that would pile up on a letter.

const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|[^\S ]/u;
const mark = /\p{M}/u;
const plain = /^[ -~]*$/;
const marksOnALetter = 3;

/** Cuts a text into pieces {text, escaped}: shown as they are, or standing for what cannot be. */
export function pieces(text) {
  if (plain.test(text)) return text === "" ? [] : [{ text, escaped: false }];
  const cut = [];
  for (const piece of pieceOfEach(text)) {
    const last = cut.at(-1);
    if (last && !last.escaped && !piece.escaped) last.text += piece.text;
    else cut.push(piece);
  }
  return cut;
}

/** Yields a piece for each character of a text. */
export function* pieceOfEach(characters) {
  let marks = 0;
  for (const character of characters) {
    marks = mark.test(character) ? marks + 1 : 0;
    const escaped = invisible.test(character) || marks > marksOnALetter;
    yield { text: escaped ? escape(character) : character, escaped };
  }
}

function escape(character) {
  const code = character.codePointAt(0);
  if (code < 0x80) return "\\x" + code.toString(16).padStart(2, "0");
  if (code <= 0xffff) return "\\u" + code.toString(16).padStart(4, "0");
  return "\\U" + code.toString(16).padStart(8, "0");
}

/** Returns the text with what cannot be seen written out. */
export function visible(text) {
  return pieces(text).map((piece) => piece.text).join("");
}
