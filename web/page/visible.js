// Texts are chosen by attackers. Characters that cannot be seen are written out as in a Go string:
// control characters, those without width or that change the direction of a line, all spaces but
// one, and marks that would pile up on a letter.

const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|[^\S ]/u;
const mark = /\p{M}/u;
const plain = /^[ -~]*$/;
const marksOnALetter = 3;

/** Cuts a text into pieces {text, escaped}: either shown as they are, or written out. */
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

/** Returns a text with what cannot be seen written out. */
export function visible(text) {
  return pieces(text).map((piece) => piece.text).join("");
}
