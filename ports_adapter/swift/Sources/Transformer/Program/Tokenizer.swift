// A character is a Unicode scalar throughout. Swift's own `Character` joins scalars that are drawn
// as one, and its strings are equal where they only look equal.

/// The documents of a corpus: its lines, stripped, without the blank ones.
///
/// That CRLF ends two lines here does no harm: the second one is blank.
package func documents(in corpus: String) -> [[Unicode.Scalar]] {
    corpus.unicodeScalars
        .split { $0 == "\n" || $0 == "\r" }
        .map { stripped($0) }
        .filter { !$0.isEmpty }
}

private func stripped(_ line: Substring.UnicodeScalarView) -> [Unicode.Scalar] {
    let line = line.drop(while: isWhiteSpace)
    guard let last = line.lastIndex(where: { !isWhiteSpace($0) }) else { return [] }
    return Array(line[...last])
}

/// What Python's `str.strip` strips: Unicode's white space and four separators of ASCII.
private func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || ("\u{1c}"..."\u{1f}").contains(scalar)
}

/// One token a character, in the order of code points, and special ones that mark the ends.
package struct Tokenizer {
    package let characters: [Unicode.Scalar]
    private let specialTokens: SpecialTokens
    private let tokens: [Unicode.Scalar: Int]

    /// Knows the characters that occur in these documents.
    package init(_ documents: [[Unicode.Scalar]], specialTokens: SpecialTokens) {
        self.specialTokens = specialTokens
        characters = Set(documents.joined()).sorted()
        tokens = Dictionary(uniqueKeysWithValues: zip(characters, specialTokens.firstCharacter...))
    }

    package var vocabularySize: Int { characters.count + specialTokens.count }

    /// The token that begins a document.
    package var bos: Int { specialTokens.bos(vocabularySize: vocabularySize) }

    /// The token that ends a document.
    package var eos: Int { specialTokens.eos(vocabularySize: vocabularySize) }

    /// Characters that are not known are left out.
    package func encode(_ document: [Unicode.Scalar]) -> [Int] {
        [bos] + document.compactMap { tokens[$0] } + [eos]
    }

    /// The text of a document's tokens without its ends. Where a token for the beginning alone
    /// stands within it, the text has `<BOS>`.
    package func decode(_ tokens: [Int]) -> String {
        var text = String.UnicodeScalarView()
        for token in tokens {
            if token == bos {
                text.append(contentsOf: "<BOS>".unicodeScalars)
            } else {
                text.append(characters[token - specialTokens.firstCharacter])
            }
        }
        return String(text)
    }
}
