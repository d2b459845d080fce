/// The model's shape.
package struct Sizes: Equatable, Sendable {
    package let embedding: Int
    package let heads: Int
    package let layers: Int
    package let block: Int

    /// `heads` divides `embedding`.
    package init(embedding: Int, heads: Int, layers: Int, block: Int) {
        self.embedding = embedding
        self.heads = heads
        self.layers = layers
        self.block = block
    }

    /// How many tokens of a document are read: all that have a successor, within the block.
    package func positions(in tokens: [Int]) -> Int {
        min(block, tokens.count - 1)
    }

    /// Every weight's name and shape, in the order in which they are drawn.
    package func weightShapes(vocabularySize: Int) -> [WeightShape] {
        let attention = ["attn_wq", "attn_wk", "attn_wv", "attn_wo"]
        let blocks = (0..<layers).flatMap { layer in
            attention.map { WeightShape("layer\(layer).\($0)", embedding, embedding) } + [
                WeightShape("layer\(layer).mlp_fc1", 4 * embedding, embedding),
                WeightShape("layer\(layer).mlp_fc2", embedding, 4 * embedding),
            ]
        }
        return [
            WeightShape("wte", vocabularySize, embedding),
            WeightShape("wpe", block, embedding),
            WeightShape("lm_head", vocabularySize, embedding),
        ] + blocks
    }
}

/// The name and shape of a weight matrix, `[rows][columns]`, which is `[nout][nin]`.
package struct WeightShape: Sendable {
    package let name: String
    package let rows: Int
    package let columns: Int

    init(_ name: String, _ rows: Int, _ columns: Int) {
        self.name = name
        self.rows = rows
        self.columns = columns
    }
}
