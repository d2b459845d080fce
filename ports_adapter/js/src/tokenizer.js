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

/**
 * The special tokens of a vocabulary. They precede the characters or follow them.
 *
 * @typedef {object} SpecialTokens
 * @property {number} count how many there are
 * @property {number} firstCharacter the token of the first character
 * @property {(vocabularySize: number) => {bos: number, eos: number}} ends of a document
 */

/**
 * One for both ends, after all characters.
 *
 * @type {SpecialTokens}
 */
export const BOS_ALONE = Object.freeze({
  count: 1,
  firstCharacter: 0,
  ends: (vocabularySize) => ({ bos: vocabularySize - 1, eos: vocabularySize - 1 }),
});

/**
 * One for each end, before all characters.
 *
 * @type {SpecialTokens}
 */
export const BOS_AND_EOS = Object.freeze({
  count: 2,
  firstCharacter: 2,
  ends: () => ({ bos: 0, eos: 1 }),
});

/** Characters, sorted, are tokens one after the other; special tokens mark a document's ends. */
export class Tokenizer {
  /**
   * @param {string[]} documents
   * @param {SpecialTokens} [special]
   */
  constructor(documents, special = BOS_ALONE) {
    /** Code points and in their order: a string's own units would halve and missort emoji. */
    this.characters = [...new Set(documents.flatMap((document) => [...document]))].sort(
      (a, b) => a.codePointAt(0) - b.codePointAt(0),
    );
    this.first = special.firstCharacter;
    this.vocabularySize = this.characters.length + special.count;
    this.ends = special.ends(this.vocabularySize);
    this.tokens = new Map(this.characters.map((character, i) => [character, this.first + i]));
  }

  /** @param {string} document */
  encode(document) {
    const { bos, eos } = this.ends;
    return [bos, ...Array.from(document, (character) => this.tokens.get(character)), eos];
  }

  /** @param {number[]} tokens of what is between the ends; a beginning there is shown as such */
  decode(tokens) {
    const shown = (token) =>
      token === this.ends.bos ? "<BOS>" : this.characters[token - this.first];
    return tokens.map(shown).join("");
  }
}
