/// The tokens that are no characters: they mark the ends of a document.
package enum SpecialTokens: Sendable {
    /// One for both ends, after all characters.
    case one
    /// Two ahead of all characters: 0 begins a document, 1 ends it.
    case two

    /// How many there are.
    var count: Int {
        switch self {
        case .one: 1
        case .two: 2
        }
    }

    /// The token of the first character.
    var firstCharacter: Int {
        switch self {
        case .one: 0
        case .two: 2
        }
    }

    /// The token that begins a document.
    func bos(vocabularySize: Int) -> Int {
        switch self {
        case .one: vocabularySize - 1
        case .two: 0
        }
    }

    /// The token that ends a document.
    func eos(vocabularySize: Int) -> Int {
        switch self {
        case .one: bos(vocabularySize: vocabularySize)
        case .two: 1
        }
    }
}
