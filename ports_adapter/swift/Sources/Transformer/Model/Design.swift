/// What a model is built by: its parts and its sizes.
package struct Design: Equatable, Sendable {
    package let parts: Parts
    package let sizes: Sizes

    package init(parts: Parts, sizes: Sizes) {
        self.parts = parts
        self.sizes = sizes
    }

    /// Every weight's name and shape, in the order in which they are drawn.
    package func weightShapes(vocabularySize: Int) -> [WeightShape] {
        let embedding = sizes.embedding
        let output = WeightShape("lm_head", vocabularySize, embedding)
        return [
            WeightShape("wte", vocabularySize, embedding),
            WeightShape("wpe", sizes.block, embedding),
        ] + (parts.tiesOutput ? [] : [output]) + (0..<sizes.layers).flatMap(layerShapes)
    }

    private func layerShapes(_ layer: Int) -> [WeightShape] {
        let (embedding, at) = (sizes.embedding, "layer\(layer).")
        return [
            WeightShape(at + "attn_wq", embedding, embedding),
            WeightShape(at + "attn_wk", embedding, embedding),
            WeightShape(at + "attn_wv", embedding, embedding),
            WeightShape(at + "attn_wo", embedding, embedding, endsBranch: true),
            WeightShape(at + "mlp_fc1", 4 * embedding, embedding),
            WeightShape(at + "mlp_fc2", embedding, 4 * embedding, endsBranch: true),
        ]
    }
}

/// The name and shape of a weight matrix, `[rows][columns]`, which is `[nout][nin]`.
package struct WeightShape: Sendable {
    package let name: String
    package let rows: Int
    package let columns: Int
    /// Whether it is the last one of a residual branch.
    let endsBranch: Bool

    init(_ name: String, _ rows: Int, _ columns: Int, endsBranch: Bool = false) {
        self.name = name
        self.rows = rows
        self.columns = columns
        self.endsBranch = endsBranch
    }
}
