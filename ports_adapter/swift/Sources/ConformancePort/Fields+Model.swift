import Transformer

// What several methods have in common: design, optimizer, weights, the state of training.

extension Fields {
    /// The parts of the profile, with another activation where one is asked for.
    func parts() throws(RPCError) -> Parts {
        var parts = try choice("profile", among: Profile.self).parts
        if let activation = try activation() { parts.activation = activation }
        return parts
    }

    /// The activation that is asked for; nil where none is.
    func activation() throws(RPCError) -> Activation? {
        try has("activation") ? choice("activation", among: Activation.self) : nil
    }

    func design() throws(RPCError) -> Design {
        try Design(parts: parts(), sizes: sizes())
    }

    private func sizes() throws(RPCError) -> Sizes {
        let fields = try object("sizes")
        let sizes = try Sizes(
            embedding: fields.integer("n_embd", from: 1),
            heads: fields.integer("n_head", from: 1),
            layers: fields.integer("n_layer"),
            block: fields.integer("block_size", from: 1)
        )
        guard sizes.embedding.isMultiple(of: sizes.heads) else {
            throw fields.wrong("n_head", "must divide n_embd, which is \(sizes.embedding)")
        }
        return sizes
    }

    func optimizer() throws(RPCError) -> Adam {
        let (schedule, fields) = try (parts().schedule, object("optimizer"))
        return try Adam(
            learningRate: fields.number("learning_rate"),
            beta1: fields.number("beta1"),
            beta2: fields.number("beta2"),
            eps: fields.number("eps"),
            stepCount: fields.integer("num_steps"),
            schedule: schedule
        )
    }

    /// A model's design, and its weights, which must have the shapes that the design asks for.
    func model() throws(RPCError) -> (design: Design, weights: Tensors) {
        let design = try design()
        let fields = try object("weights")
        let vocabularySize = try fields.list("wte").count
        var weights: Tensors = [:]
        for shape in design.weightShapes(vocabularySize: vocabularySize) {
            weights[shape.name] = try fields.matrix(
                shape.name, rows: shape.rows, columns: shape.columns)
        }
        return (design, weights)
    }

    /// Whatever matrices there are.
    func tensors(_ name: String) throws(RPCError) -> Tensors {
        let fields = try object(name)
        var tensors: Tensors = [:]
        for name in fields.names { tensors[name] = try fields.matrix(name) }
        return tensors
    }

    /// Matrices with the names and shapes of these.
    func tensors(_ name: String, like others: Tensors) throws(RPCError) -> Tensors {
        let fields = try object(name)
        var tensors: Tensors = [:]
        for (name, other) in others {
            tensors[name] = try fields.matrix(
                name, rows: other.rowCount, columns: other.columnCount)
        }
        return tensors
    }

    /// The state of training: Adam's running means, which go with the weights.
    func state(weights: Tensors) throws(RPCError) -> TrainingState {
        try TrainingState(
            weights: weights, m: tensors("m", like: weights), v: tensors("v", like: weights))
    }
}
