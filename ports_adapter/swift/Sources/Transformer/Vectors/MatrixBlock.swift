/// One layer of the model on a whole document: attention and perceptron, each added to the stream.
struct MatrixBlock {
    let weights: Weights<Matrix>.Layer
    /// What enters, `[positions][n_embd]`.
    let input: Matrix
    let attentionNorm: Matrix
    let q: Matrix
    let k: Matrix
    let v: Matrix
    let attention: MatrixAttention
    let attentionOut: Matrix
    let attentionResidual: Matrix
    let mlpNorm: Matrix
    let mlp: MatrixMLP
    /// What leaves.
    let output: Matrix

    init(_ input: Matrix, weights: Weights<Matrix>.Layer, design: Design) {
        self.weights = weights
        self.input = input
        attentionNorm = rmsnorm(input)
        q = linear(attentionNorm, weights.wq)
        k = linear(attentionNorm, weights.wk)
        v = linear(attentionNorm, weights.wv)
        attention = MatrixAttention(queries: q, keys: k, values: v, heads: design.sizes.heads)
        attentionOut = linear(attention.output, weights.wo)
        attentionResidual = attentionOut + input
        mlpNorm = rmsnorm(attentionResidual)
        mlp = MatrixMLP(
            mlpNorm, fc1: weights.fc1, fc2: weights.fc2, activation: design.parts.activation)
        output = mlp.output + attentionResidual
    }

    /// Named as the protocol names them, within the layer.
    var intermediates: Intermediates {
        [
            "attn_norm": byPosition(attentionNorm),
            "q": byPosition(q),
            "k": byPosition(k),
            "v": byPosition(v),
            "attn_scores": byPosition(attention.heads.map(\.scores)),
            "attn_weights": byPosition(attention.heads.map(\.weights)),
            "attn_heads": byPosition(attention.output),
            "attn_out": byPosition(attentionOut),
            "attn_residual": byPosition(attentionResidual),
            "mlp_norm": byPosition(mlpNorm),
            "mlp_hidden": byPosition(mlp.hidden),
            "mlp_activation": byPosition(mlp.activated),
            "mlp_out": byPosition(mlp.output),
            "mlp_residual": byPosition(output),
        ]
    }
}

/// Rows as the protocol has them: one vector a position.
func byPosition(_ matrix: Matrix) -> [Intermediate<Double>] {
    matrix.rows.map { .vector(Array($0)) }
}

/// A matrix `[positions][positions]` for each head: of each row, what the position sees.
func byPosition(_ heads: [Matrix]) -> [Intermediate<Double>] {
    let positions = heads.first?.rowCount ?? 0
    return (0..<positions).map { position in
        .heads(heads.map { Array($0.row(position).prefix(position + 1)) })
    }
}
