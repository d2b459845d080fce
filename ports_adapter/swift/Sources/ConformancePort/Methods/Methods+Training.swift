import Transformer

// Updates, steps of training, and the whole program.

extension Methods {
    func adam(_ params: Fields) throws -> JSON {
        let optimizer = try params.optimizer()
        let step = try params.integer("step")
        var state = try params.state(weights: params.tensors("weights"))
        let grads = try params.tensors("grads", like: state.weights)
        optimizer.update(&state, grads: grads, step: step)
        var answer = state.fields
        answer["learning_rate"] = .number(optimizer.learningRate(at: step))
        return .object(answer)
    }

    func train(_ params: Fields, _ announce: Announce) throws -> JSON {
        let (design, weights) = try params.model()
        let model = try Model(design: design, weights: weights)
        let first = try params.integer("step")
        let training = try Training(
            design: design,
            optimizer: params.optimizer(),
            documents: params.documents("documents", vocabularySize: model.vocabularySize),
            steps: first..<first + params.integer("steps")
        )
        let record = try params.has("record") ? params.choice("record", among: Record.self) : .light
        let start = try params.state(weights: weights)
        let end = try training.run(from: start, by: engine) { step in
            try announce(record == .full ? step.fullRecord : step.lightRecord)
        }
        return .object(end.fields)
    }

    /// What is told of each step.
    private enum Record: String, CaseIterable {
        case light
        case full
    }

    func replicate(_ params: Fields, _ announce: Announce) throws -> JSON {
        let program = try Replication(
            design: params.design(),
            optimizer: params.optimizer(),
            seed: UInt(params.integer("seed")),
            initStd: params.number("init_std"),
            temperature: params.positiveNumber("temperature"),
            sampleCount: params.integer("num_samples"),
            corpus: params.text("text")
        )
        if documents(in: program.corpus).isEmpty {
            throw params.wrong("text", "must hold a document")
        }
        let outcome = try program.run(by: engine) { step in try announce(step.lightRecord) }
        return [
            "num_docs": .integer(outcome.documentCount),
            "vocab_size": .integer(outcome.vocabularySize),
            "num_params": .integer(outcome.parameterCount),
            "samples": .array(outcome.samples.map { .string($0) }),
        ]
    }
}
