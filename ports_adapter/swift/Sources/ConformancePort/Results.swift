import Transformer

// Numbers of the model as JSON.

extension JSON {
    init(_ vector: some Sequence<Double>) {
        self = .array(vector.map { .number($0) })
    }

    init(_ indices: [Int]) {
        self = .array(indices.map { .integer($0) })
    }

    init(_ matrix: Matrix) {
        self = .array(matrix.rows.map { JSON($0) })
    }

    init(_ tensors: Tensors) {
        self = .object(tensors.mapValues { JSON($0) })
    }

    init(_ intermediates: Intermediates) {
        self = .object(intermediates.mapValues { parts in .array(parts.map { JSON($0) }) })
    }

    private init(_ part: Intermediate<Double>) {
        switch part {
        case .vector(let vector): self.init(vector)
        case .heads(let heads): self = .array(heads.map { JSON($0) })
        }
    }
}

extension TrainingState {
    var fields: [String: JSON] {
        ["weights": JSON(weights), "m": JSON(m), "v": JSON(v)]
    }
}

extension Training.Step {
    /// The few numbers to watch a training by.
    var lightRecord: [String: JSON] {
        [
            "step": .integer(number), "loss": .number(result.loss),
            "learning_rate": .number(learningRate),
        ]
    }

    /// All that the step computed, and the state after it.
    var fullRecord: [String: JSON] {
        let computed: [String: JSON] = [
            "logits": JSON(result.logits), "losses": JSON(result.losses),
            "grads": JSON(result.grads),
        ]
        return [lightRecord, computed, state.fields].reduce(into: [:]) { record, part in
            record.merge(part) { _, last in last }
        }
    }
}
