import assert from "node:assert/strict";
import { test } from "node:test";

import { BOS_AND_EOS, documentsOf, Tokenizer } from "../src/tokenizer.js";

test("lines are stripped as Python strips them, and blank ones dropped", () => {
  assert.deepEqual(documentsOf("  jay\r\n\n\t \nowl \u3000\n\x1ckite\x85"), ["jay", "owl", "kite"]);
});

test("a byte order mark is a character", () => {
  assert.deepEqual(documentsOf("\ufeffjay"), ["\ufeffjay"]);
});

test("characters are code points, sorted as such", () => {
  const tokenizer = new Tokenizer(["🦉\uff5e", "e\u0301"]);
  assert.deepEqual(tokenizer.characters, ["e", "\u0301", "\uff5e", "🦉"]);
  assert.equal(tokenizer.vocabularySize, 5);
  assert.deepEqual(tokenizer.encode("🦉e"), [4, 3, 0, 4]);
  assert.equal(tokenizer.decode([3, 0]), "🦉e");
});

test("two special tokens precede the characters, and one inside is shown", () => {
  const tokenizer = new Tokenizer(["owl"], BOS_AND_EOS);
  assert.equal(tokenizer.vocabularySize, 5);
  assert.deepEqual(tokenizer.encode("owl"), [0, 3, 4, 2, 1]);
  assert.equal(tokenizer.decode([3, 0, 4]), "o<BOS>w");
});
