import Testing

@testable import Transformer

struct TokenizerTests {
    private func lines(_ corpus: String) -> [String] {
        documents(in: corpus).map { document in
            document.map { String($0) }.joined()
        }
    }

    @Test func linesEndByLFOrCRLF() {
        #expect(lines("wren\r\nowl\n\r\n\n kite") == ["wren", "owl", "kite"])
        #expect(lines("").isEmpty)
        #expect(lines(" \r\n\t").isEmpty)
    }

    @Test(arguments: ["\u{1c}", "\u{1f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "\u{0b}"])
    func whiteSpaceIsWhatPythonStrips(space: String) {
        #expect(lines(space + "a" + space + "b" + space) == ["a" + space + "b"])
    }

    @Test(arguments: ["\u{feff}", "\u{200b}", "\u{180e}"])
    func whatPythonDoesNotStripStays(character: String) {
        #expect(lines(character + "a") == [character + "a"])
    }

    @Test func charactersAreScalarsSortedByCodePoint() {
        let tokenizer = Tokenizer(
            documents(in: "e\u{301}😀\nz\u{ffff}\u{e9}"), specialTokens: .one)
        #expect(tokenizer.characters == ["e", "z", "\u{e9}", "\u{301}", "\u{ffff}", "😀"])
        #expect(tokenizer.encode(["e", "\u{301}", "😀"]) == [6, 0, 3, 5, 6])
        #expect(tokenizer.vocabularySize == 7)
    }

    @Test func twoSpecialTokensComeAheadOfTheCharacters() {
        let tokenizer = Tokenizer(documents(in: "owl"), specialTokens: .two)
        #expect(tokenizer.vocabularySize == 5)
        #expect(tokenizer.encode(["o", "w", "l"]) == [0, 3, 4, 2, 1])
    }

    @Test func aBeginningWithinASampleIsWrittenOut() {
        let tokenizer = Tokenizer(documents(in: "owl"), specialTokens: .two)
        #expect(tokenizer.decode([3, 0, 4, 0]) == "o<BOS>w<BOS>")
    }

    @Test(arguments: [SpecialTokens.one, .two])
    func decodingUndoesEncoding(specialTokens: SpecialTokens) {
        let text = "nightjar"
        let tokenizer = Tokenizer(documents(in: text), specialTokens: specialTokens)
        let tokens = tokenizer.encode(Array(text.unicodeScalars)).dropFirst().dropLast()
        #expect(tokenizer.decode(Array(tokens)) == text)
    }
}
