// What the port offers: a method is a function from params to a result, and a line here.

let methods: [String: Method] = [
    "initialize": method(initialize),
    "tokenize": method(tokenize),
    // The next method goes here.
    "shutdown": method(shutdown),
]

struct InitializeResult: Encodable {
    let protocolVersion = 1
    let name = "my port"
    let language = "Swift"
    let precision = "float64"
    let methods: [String]
    let profiles = ["microgpt"]
}

/// Who the port is, and what it offers.
func initialize(_: NoParams) -> InitializeResult {
    InitializeResult(methods: methods.keys.sorted())
}

struct TokenizeParams: Decodable {
    let text: String
}

struct TokenizeResult: Encodable {
    let characters: [String]
    let vocabSize: Int
    let tokens: [[Int]]
}

/// A corpus into tokens.
func tokenize(_ params: TokenizeParams) -> TokenizeResult {
    let documents = documents(of: params.text)
    let tokenizer = Tokenizer(documents: documents)
    return TokenizeResult(
        characters: tokenizer.characters.map { String($0) },
        vocabSize: tokenizer.vocabSize,
        tokens: documents.map(tokenizer.encode)
    )
}

/// Goodbye: the server ends after this answer.
func shutdown(_: NoParams) -> NoResult {
    NoResult()
}
