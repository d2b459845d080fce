/// The model reading one document, token by token.
struct ScalarReader {
    let parts: Parts
    let sizes: Sizes
    let weights: Weights<[[Value]]>
    /// What it computed on the way: by name, then by position.
    private(set) var intermediates: [String: [Intermediate<Value>]] = [:]
    /// Later positions attend to what earlier ones computed: `[layer][position][n_embd]`.
    private var keys: [[[Value]]]
    private var values: [[[Value]]]
    private var position = 0

    init(design: Design, weights: Weights<[[Value]]>) {
        parts = design.parts
        sizes = design.sizes
        self.weights = weights
        keys = Array(repeating: [], count: sizes.layers)
        values = keys
    }

    /// The logits of the token that follows.
    mutating func read(_ token: Int) -> [Value] {
        var x = keep("embedding", add(weights.wte[token], weights.wpe[position]))
        x = keep("input_norm", rmsnorm(x))
        for layer in 0..<sizes.layers {
            x = attentionBlock(x, layer)
            x = mlpBlock(x, layer)
        }
        position += 1
        return keep("logits", linear(x, weights.output))
    }

    private mutating func attentionBlock(_ residual: [Value], _ layer: Int) -> [Value] {
        let (block, at) = (weights.layers[layer], "layer\(layer).")
        let x = keep(at + "attn_norm", rmsnorm(residual))
        let query = keep(at + "q", linear(x, block.wq))
        keys[layer].append(keep(at + "k", linear(x, block.wk)))
        values[layer].append(keep(at + "v", linear(x, block.wv)))
        let attention = ScalarAttention(
            query: query, keys: keys[layer], values: values[layer], heads: sizes.heads)
        intermediates[at + "attn_scores", default: []].append(.heads(attention.scores))
        intermediates[at + "attn_weights", default: []].append(.heads(attention.weights))
        let heads = keep(at + "attn_heads", attention.output)
        let out = keep(at + "attn_out", linear(heads, block.wo))
        return keep(at + "attn_residual", add(out, residual))
    }

    private mutating func mlpBlock(_ residual: [Value], _ layer: Int) -> [Value] {
        let (block, at) = (weights.layers[layer], "layer\(layer).")
        let x = keep(at + "mlp_norm", rmsnorm(residual))
        let mlp = ScalarMLP(x, fc1: block.fc1, fc2: block.fc2, activation: parts.activation)
        _ = keep(at + "mlp_hidden", mlp.hidden)
        _ = keep(at + "mlp_activation", mlp.activated)
        let out = keep(at + "mlp_out", mlp.output)
        return keep(at + "mlp_residual", add(out, residual))
    }

    /// Files this position's part of an intermediate, and hands it back.
    private mutating func keep(_ name: String, _ part: [Value]) -> [Value] {
        intermediates[name, default: []].append(.vector(part))
        return part
    }
}
