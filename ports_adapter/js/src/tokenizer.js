/** From a corpus to tokens and back. */

/** What Python's `str.strip` strips: unlike `trim`'s set, it has U+0085 and lacks U+FEFF. */
const WHITE_SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const MARGINS = new RegExp(`^${WHITE_SPACE}+|${WHITE_SPACE}+$`, "g");

/**
 * The documents of a corpus: its lines, stripped, without the blank ones.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function documentsOf(text) {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.map((line) => line.replace(MARGINS, "")).filter((line) => line !== "");
}

/** A token is a character's index among all characters, sorted; one more token marks the ends. */
export class Tokenizer {
  /** @param {string[]} documents */
  constructor(documents) {
    /** Code points and in their order: a string's own units would halve and missort emoji. */
    this.characters = [...new Set(documents.flatMap((document) => [...document]))].sort(
      (a, b) => a.codePointAt(0) - b.codePointAt(0),
    );
    this.bos = this.characters.length;
    this.vocabularySize = this.characters.length + 1;
    this.tokens = new Map(this.characters.map((character, token) => [character, token]));
  }

  /** @param {string} document */
  encode(document) {
    return [this.bos, ...Array.from(document, (character) => this.tokens.get(character)), this.bos];
  }

  /** @param {number[]} tokens of characters */
  decode(tokens) {
    return tokens.map((token) => this.characters[token]).join("");
  }
}
