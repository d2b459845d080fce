/// The model's weights, or anything else that there is one of for each: `Tensor` is a matrix of
/// numbers or of nodes.
struct Weights<Tensor> {
    var wte: Tensor
    var wpe: Tensor
    /// Nil where `wte` is the output projection, too.
    var lmHead: Tensor?
    var layers: [Layer]

    /// The weights of one layer.
    struct Layer {
        var wq: Tensor
        var wk: Tensor
        var wv: Tensor
        var wo: Tensor
        var fc1: Tensor
        var fc2: Tensor
    }
}

extension Weights {
    /// What turns the stream into logits.
    var output: Tensor { lmHead ?? wte }

    /// Gathers them by their names.
    init<Failure>(
        of design: Design, named tensor: (String) throws(Failure) -> Tensor
    ) throws(Failure) {
        wte = try tensor("wte")
        wpe = try tensor("wpe")
        lmHead = design.parts.tiesOutput ? nil : try tensor("lm_head")
        layers = try (0..<design.sizes.layers).map { layer throws(Failure) in
            try Layer(
                wq: tensor("layer\(layer).attn_wq"),
                wk: tensor("layer\(layer).attn_wk"),
                wv: tensor("layer\(layer).attn_wv"),
                wo: tensor("layer\(layer).attn_wo"),
                fc1: tensor("layer\(layer).mlp_fc1"),
                fc2: tensor("layer\(layer).mlp_fc2")
            )
        }
    }

    var byName: [String: Tensor] {
        var named = ["wte": wte, "wpe": wpe]
        named["lm_head"] = lmHead
        for (index, layer) in layers.enumerated() {
            named["layer\(index).attn_wq"] = layer.wq
            named["layer\(index).attn_wk"] = layer.wk
            named["layer\(index).attn_wv"] = layer.wv
            named["layer\(index).attn_wo"] = layer.wo
            named["layer\(index).mlp_fc1"] = layer.fc1
            named["layer\(index).mlp_fc2"] = layer.fc2
        }
        return named
    }

    func map<Other>(_ transform: (Tensor) -> Other) -> Weights<Other> {
        Weights<Other>(
            wte: transform(wte),
            wpe: transform(wpe),
            lmHead: lmHead.map(transform),
            layers: layers.map { layer in
                Weights<Other>.Layer(
                    wq: transform(layer.wq),
                    wk: transform(layer.wk),
                    wv: transform(layer.wv),
                    wo: transform(layer.wo),
                    fc1: transform(layer.fc1),
                    fc2: transform(layer.fc2)
                )
            }
        )
    }
}
