import Transformer

// What several methods have in common: sizes, optimizer, weights, the state of training.

extension Fields {
    static let profile = "microgpt"

    /// Refuses profiles that are not offered.
    func checkProfile() throws(RPCError) {
        guard try text("profile") == Self.profile else {
            throw wrong("profile", "must be \(Self.profile)")
        }
    }

    func sizes() throws(RPCError) -> Sizes {
        try checkProfile()
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
        let fields = try object("optimizer")
        return try Adam(
            learningRate: fields.number("learning_rate"),
            beta1: fields.number("beta1"),
            beta2: fields.number("beta2"),
            eps: fields.number("eps"),
            stepCount: fields.integer("num_steps")
        )
    }

    /// A model's sizes, and its weights, which must have the shapes that the sizes ask for.
    func model() throws(RPCError) -> (sizes: Sizes, weights: Tensors) {
        let sizes = try sizes()
        let fields = try object("weights")
        let vocabularySize = try fields.list("wte").count
        var weights: Tensors = [:]
        for shape in sizes.weightShapes(vocabularySize: vocabularySize) {
            weights[shape.name] = try fields.matrix(
                shape.name, rows: shape.rows, columns: shape.columns)
        }
        return (sizes, weights)
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
