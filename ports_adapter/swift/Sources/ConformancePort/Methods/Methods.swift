import Transformer

/// Answers to the protocol's methods. Each reads and checks its params, has the engine compute,
/// and names the results.
struct Methods {
    let engine: any Engine

    /// Sends the record of a training step.
    typealias Announce = ([String: JSON]) throws -> Void

    func answer(_ method: Method, _ params: Fields, _ announce: Announce) throws -> JSON {
        switch method {
        case .initialize: initialize()
        case .tokenize: try tokenize(params)
        case .evaluate: try evaluate(params)
        case .linear: try linear(params)
        case .softmax: try softmax(params)
        case .rmsnorm: try rmsnorm(params)
        case .attention: try attention(params)
        case .mlp: try mlp(params)
        case .crossEntropy: try crossEntropy(params)
        case .forward: try forward(params)
        case .backward: try backward(params)
        case .adam: try adam(params)
        case .train: try train(params, announce)
        case .random: try random(params)
        case .sample: try sample(params)
        case .replicate: try replicate(params, announce)
        case .shutdown: [:]
        }
    }

    private func initialize() -> JSON {
        [
            "protocol_version": 1,
            "name": .string("microgpt in Swift (\(engine.name))"),
            "language": "Swift",
            "precision": "float64",
            "methods": .array(Method.allCases.map { .string($0.rawValue) }),
            "profiles": .array(Profile.allCases.map { .string($0.rawValue) }),
            "other_sizes": true,
            "activations": .array(Activation.allCases.map { .string($0.rawValue) }),
            "intermediates": true,
            "full_record": true,
        ]
    }

    private func tokenize(_ params: Fields) throws -> JSON {
        let documents = documents(in: try params.text("text"))
        let parts = try params.has("profile") ? params.parts() : .microgpt
        let tokenizer = Tokenizer(documents, specialTokens: parts.specialTokens)
        return [
            "characters": .array(tokenizer.characters.map { .string(String($0)) }),
            "vocab_size": .integer(tokenizer.vocabularySize),
            "tokens": .array(documents.map { JSON(tokenizer.encode($0)) }),
        ]
    }

    /// Scalar expressions are the autograd's own field, whichever engine there is.
    private func evaluate(_ params: Fields) throws -> JSON {
        let (value, grads) = try params.expression("nodes").evaluate()
        return ["value": .number(value), "grads": JSON(grads)]
    }
}
