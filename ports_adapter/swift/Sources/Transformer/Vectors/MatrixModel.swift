/// The whole model after reading a document: every node is kept, for the way back.
struct MatrixModel {
    let weights: Weights<Matrix>
    /// The tokens read.
    let tokens: [Int]
    /// `[positions][n_embd]`.
    let embedding: Matrix
    let inputNorm: Matrix
    let blocks: [MatrixBlock]
    /// `[positions][vocabulary]`.
    let logits: Matrix

    /// There are no more tokens than the block holds.
    init(_ model: Model, reading tokens: [Int]) {
        weights = model.weights
        self.tokens = tokens
        let (wte, wpe) = (weights.wte, weights.wpe)
        let rows = tokens.enumerated().map { position, token in
            zip(wte.row(token), wpe.row(position)).map { $0 + $1 }
        }
        embedding = Matrix(rows: rows)
        inputNorm = rmsnorm(embedding)
        var stream = inputNorm
        blocks = weights.layers.map { layer in
            let block = MatrixBlock(stream, weights: layer, design: model.design)
            stream = block.output
            return block
        }
        logits = linear(stream, weights.output)
    }

    /// What the output projection reads.
    private var stream: Matrix { blocks.last?.output ?? inputNorm }

    /// The gradients of the mean loss of predicting `targets`, one for each position.
    func gradients(targets: some Sequence<Int>) -> Gradients {
        let positions = Double(logits.rowCount)
        let logitsGrad = crossEntropyGradient(logits, targets: targets).map { $0 / positions }
        let output = linearGradients(stream, weights.output, logitsGrad)
        var streamGrad = output.x
        var blockGrads: [MatrixBlockGradients] = []
        for block in blocks.reversed() {
            let grads = MatrixBlockGradients(of: block, outputGrad: streamGrad)
            streamGrad = grads.input
            blockGrads.insert(grads, at: 0)
        }
        return Gradients(
            output: output.w,
            logits: logitsGrad,
            blocks: blockGrads,
            inputNorm: streamGrad,
            embedding: rmsnormGradient(embedding, streamGrad)
        )
    }

    var intermediates: Intermediates {
        named(embedding, inputNorm, blocks.map(\.intermediates), logits)
    }

    struct Gradients {
        /// By the output projection.
        let output: Matrix
        let logits: Matrix
        let blocks: [MatrixBlockGradients]
        let inputNorm: Matrix
        let embedding: Matrix

        var byIntermediate: Intermediates {
            named(embedding, inputNorm, blocks.map(\.byIntermediate), logits)
        }
    }

    /// Gradients by all weights. Rows of embeddings that were not read have 0; but where `wte` is
    /// the output projection, too, all its rows took part in the logits.
    func weightGradients(_ grads: Gradients) -> Weights<Matrix> {
        let isTied = weights.lmHead == nil
        let unread = Matrix(zeros: weights.wte.rowCount, weights.wte.columnCount)
        var wte = isTied ? grads.output : unread
        var wpe = Matrix(zeros: weights.wpe.rowCount, weights.wpe.columnCount)
        for (position, token) in tokens.enumerated() {
            wte.addToRow(token, 1, times: grads.embedding, row: position)
            wpe.addToRow(position, 1, times: grads.embedding, row: position)
        }
        let layers = grads.blocks.map(\.weights)
        return Weights(wte: wte, wpe: wpe, lmHead: isTied ? nil : grads.output, layers: layers)
    }
}

/// All of a model's nodes, or their gradients, as the protocol names them.
private func named(
    _ embedding: Matrix, _ inputNorm: Matrix, _ blocks: [Intermediates], _ logits: Matrix
) -> Intermediates {
    var result = [
        "embedding": byPosition(embedding),
        "input_norm": byPosition(inputNorm),
        "logits": byPosition(logits),
    ]
    for (layer, block) in blocks.enumerated() {
        for (name, parts) in block { result["layer\(layer).\(name)"] = parts }
    }
    return result
}
