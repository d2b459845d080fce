/// The gradients of a layer, by what entered it, by its weights and by its nodes.
///
/// A sum hands its gradient to both terms unchanged. So the gradient of the stream is what comes
/// down the stream plus what comes back from the branch that reads it.
struct MatrixBlockGradients {
    let input: Matrix
    let weights: Weights<Matrix>.Layer
    private let output: Matrix
    private let attentionResidual: Matrix
    private let attentionNorm: Matrix
    private let attentionHeads: Matrix
    private let attention: MatrixAttention.Gradients
    private let mlp: MatrixMLP.Gradients

    init(of block: MatrixBlock, outputGrad: Matrix) {
        output = outputGrad
        mlp = block.mlp.gradients(
            block.mlpNorm, fc1: block.weights.fc1, fc2: block.weights.fc2, outputGrad: outputGrad)
        attentionResidual = outputGrad + rmsnormGradient(block.attentionResidual, mlp.x)

        let out = linearGradients(block.attention.output, block.weights.wo, attentionResidual)
        attentionHeads = out.x
        attention = block.attention.gradients(outputGrad: attentionHeads)
        let q = linearGradients(block.attentionNorm, block.weights.wq, attention.queries)
        let k = linearGradients(block.attentionNorm, block.weights.wk, attention.keys)
        let v = linearGradients(block.attentionNorm, block.weights.wv, attention.values)
        attentionNorm = q.x + k.x + v.x
        input = attentionResidual + rmsnormGradient(block.input, attentionNorm)
        weights = Weights.Layer(
            wq: q.w, wk: k.w, wv: v.w, wo: out.w, fc1: mlp.fc1, fc2: mlp.fc2)
    }

    /// Named as the protocol names the nodes, within the layer.
    var byIntermediate: Intermediates {
        [
            "attn_norm": byPosition(attentionNorm),
            "q": byPosition(attention.queries),
            "k": byPosition(attention.keys),
            "v": byPosition(attention.values),
            "attn_scores": byPosition(attention.scores),
            "attn_weights": byPosition(attention.weights),
            "attn_heads": byPosition(attentionHeads),
            "attn_out": byPosition(attentionResidual),
            "attn_residual": byPosition(attentionResidual),
            "mlp_norm": byPosition(mlp.x),
            "mlp_hidden": byPosition(mlp.hidden),
            "mlp_activation": byPosition(mlp.activated),
            "mlp_out": byPosition(output),
            "mlp_residual": byPosition(output),
        ]
    }
}
