// From a corpus to tokens and back.

/// A character is a code point. Swift's own `Character` is what a reader sees as one: it would
/// join a letter and its accent, and CR and LF.
typealias Document = [Unicode.Scalar]

/// The documents of a corpus: its lines, stripped of white space, without the blank ones.
///
/// A line ends with LF, CRLF or CR. That CRLF makes a blank line more does not matter.
func documents(of text: String) -> [Document] {
    text.unicodeScalars
        .split { $0 == "\n" || $0 == "\r" }
        .map { stripped(Document($0)) }
        .filter { !$0.isEmpty }
}

private func stripped(_ line: Document) -> Document {
    guard let first = line.firstIndex(where: { !isStripped($0) }),
        let last = line.lastIndex(where: { !isStripped($0) })
    else { return [] }
    return Document(line[first...last])
}

/// Whether Python's `strip` takes it away: Unicode's white space, and four separators of ASCII.
private func isStripped(_ character: Unicode.Scalar) -> Bool {
    character.properties.isWhitespace || ("\u{1c}"..."\u{1f}").contains(character)
}

/// A token is a character's place among all characters, sorted; BOS comes after them all.
struct Tokenizer {
    let characters: [Unicode.Scalar]
    let bos: Int
    let vocabSize: Int
    private let tokens: [Unicode.Scalar: Int]

    init(documents: [Document]) {
        characters = Set(documents.joined()).sorted()
        bos = characters.count
        vocabSize = characters.count + 1
        tokens = Dictionary(uniqueKeysWithValues: zip(characters, 0...))
    }

    /// The tokens of a document, BOS at both ends.
    func encode(_ document: Document) -> [Int] {
        [bos] + document.map { tokens[$0]! } + [bos]
    }

    /// The text of tokens, none of them BOS.
    func decode(_ tokens: [Int]) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: tokens.map { characters[$0] })
        return String(text)
    }
}
