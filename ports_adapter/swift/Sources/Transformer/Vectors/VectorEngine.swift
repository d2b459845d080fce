/// Whole matrices at a time, with gradients derived by hand; there is no graph.
package struct VectorEngine: Engine {
    package let name = "vectors, gradients by hand"

    package init() {}

    package func linearVJP(x: [Double], w: Matrix, outputGrad: [Double])
        -> (output: [Double], x: [Double], w: Matrix)
    {
        let x = Matrix(row: x)
        let grads = linearGradients(x, w, Matrix(row: outputGrad))
        return (linear(x, w).values, grads.x.values, grads.w)
    }

    package func softmaxVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double]) {
        let output = softmax(Matrix(row: x))
        let grad = softmaxGradient(output: output, Matrix(row: outputGrad))
        return (output.values, grad.values)
    }

    package func rmsnormVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double]) {
        let x = Matrix(row: x)
        return (rmsnorm(x).values, rmsnormGradient(x, Matrix(row: outputGrad)).values)
    }

    package func attentionVJP(
        q: [Double], k: Matrix, v: Matrix, heads: Int, outputGrad: [Double]
    ) -> (output: [Double], q: [Double], k: Matrix, v: Matrix) {
        let attention = MatrixAttention(queries: Matrix(row: q), keys: k, values: v, heads: heads)
        let grads = attention.gradients(outputGrad: Matrix(row: outputGrad))
        return (attention.output.values, grads.queries.values, grads.keys, grads.values)
    }

    package func mlpVJP(
        x: [Double], fc1: Matrix, fc2: Matrix, activation: Activation, outputGrad: [Double]
    ) -> (output: [Double], x: [Double], fc1: Matrix, fc2: Matrix) {
        let x = Matrix(row: x)
        let mlp = MatrixMLP(x, fc1: fc1, fc2: fc2, activation: activation)
        let grads = mlp.gradients(x, fc1: fc1, fc2: fc2, outputGrad: Matrix(row: outputGrad))
        return (mlp.output.values, grads.x.values, grads.fc1, grads.fc2)
    }

    package func crossEntropyVJP(logits: [Double], target: Int) -> (loss: Double, logits: [Double])
    {
        let logits = Matrix(row: logits)
        let grad = crossEntropyGradient(logits, targets: [target])
        return (crossEntropy(logits, targets: [target])[0], grad.values)
    }

    package func forward(_ model: Model, tokens: [Int]) -> Forward {
        let read = tokens.prefix(model.sizes.positions(in: tokens))
        let nodes = MatrixModel(model, reading: Array(read))
        return Forward(logits: nodes.logits, intermediates: { nodes.intermediates })
    }

    package func backward(_ model: Model, tokens: [Int]) -> Backward {
        let read = tokens.prefix(model.sizes.positions(in: tokens))
        let targets = tokens.dropFirst()
        let nodes = MatrixModel(model, reading: Array(read))
        let losses = crossEntropy(nodes.logits, targets: targets)
        let grads = nodes.gradients(targets: targets)
        return Backward(
            loss: losses.reduce(0, +) / Double(losses.count),
            losses: losses,
            logits: nodes.logits,
            grads: nodes.weightGradients(grads).byName,
            intermediateGrads: { grads.byIntermediate }
        )
    }

    /// Reads all tokens again for each new one: at these sizes a cache of keys and values would
    /// save nothing worth its code.
    package func reader(of model: Model) -> (_ token: Int) -> [Double] {
        var tokens: [Int] = []
        return { token in
            tokens.append(token)
            let logits = MatrixModel(model, reading: tokens).logits
            return Array(logits.row(logits.rowCount - 1))
        }
    }
}
