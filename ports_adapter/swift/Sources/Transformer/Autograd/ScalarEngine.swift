/// Every number a node of a graph; gradients by walking the graph back.
package struct ScalarEngine: Engine {
    package let name = "scalar autograd"

    package init() {}

    package func linearVJP(x: [Double], w: Matrix, outputGrad: [Double])
        -> (output: [Double], x: [Double], w: Matrix)
    {
        let (x, w) = (nodes(x), nodes(w))
        let output = differentiated(linear(x, w), outputGrad)
        return (output, grads(x), grads(w))
    }

    package func softmaxVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double]) {
        let x = nodes(x)
        let output = differentiated(softmax(x), outputGrad)
        return (output, grads(x))
    }

    package func rmsnormVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double]) {
        let x = nodes(x)
        let output = differentiated(rmsnorm(x), outputGrad)
        return (output, grads(x))
    }

    package func attentionVJP(
        q: [Double], k: Matrix, v: Matrix, heads: Int, outputGrad: [Double]
    ) -> (output: [Double], q: [Double], k: Matrix, v: Matrix) {
        let (q, k, v) = (nodes(q), nodes(k), nodes(v))
        let attention = ScalarAttention(query: q, keys: k, values: v, heads: heads)
        let output = differentiated(attention.output, outputGrad)
        return (output, grads(q), grads(k), grads(v))
    }

    package func mlpVJP(
        x: [Double], fc1: Matrix, fc2: Matrix, activation: Activation, outputGrad: [Double]
    ) -> (output: [Double], x: [Double], fc1: Matrix, fc2: Matrix) {
        let (x, fc1, fc2) = (nodes(x), nodes(fc1), nodes(fc2))
        let mlp = ScalarMLP(x, fc1: fc1, fc2: fc2, activation: activation)
        let output = differentiated(mlp.output, outputGrad)
        return (output, grads(x), grads(fc1), grads(fc2))
    }

    package func crossEntropyVJP(logits: [Double], target: Int) -> (loss: Double, logits: [Double])
    {
        let logits = nodes(logits)
        let loss = crossEntropy(logits, target: target)
        loss.backward()
        return (loss.data, grads(logits))
    }

    package func forward(_ model: Model, tokens: [Int]) -> Forward {
        var reader = ScalarReader(design: model.design, weights: model.weights.map(nodes))
        let logits = tokens.prefix(model.sizes.positions(in: tokens)).map { reader.read($0) }
        let intermediates = reader.intermediates
        return Forward(
            logits: Matrix(rows: logits.map { $0.map(\.data) }),
            intermediates: { intermediates.mapValues { $0.map { $0.map(\.data) } } }
        )
    }

    package func backward(_ model: Model, tokens: [Int]) -> Backward {
        let weights = model.weights.map(nodes)
        var reader = ScalarReader(design: model.design, weights: weights)
        let logits = tokens.prefix(model.sizes.positions(in: tokens)).map { reader.read($0) }
        let losses = zip(logits, tokens.dropFirst()).map { crossEntropy($0, target: $1) }
        let loss = sum(losses) * (1 / Double(losses.count))
        loss.backward()
        let intermediates = reader.intermediates
        return Backward(
            loss: loss.data,
            losses: losses.map(\.data),
            logits: Matrix(rows: logits.map { $0.map(\.data) }),
            grads: weights.map(grads).byName,
            intermediateGrads: { intermediates.mapValues { $0.map { $0.map(\.grad) } } }
        )
    }

    package func reader(of model: Model) -> (_ token: Int) -> [Double] {
        var reader = ScalarReader(design: model.design, weights: model.weights.map(nodes))
        return { token in reader.read(token).map(\.data) }
    }
}

/// Gives every node below the output its vector-Jacobian product, and hands out the output's data.
private func differentiated(_ output: [Value], _ outputGrad: [Double]) -> [Double] {
    sum(zip(output, outputGrad).map { $0 * $1 }).backward()
    return output.map(\.data)
}

private func nodes(_ vector: [Double]) -> [Value] {
    vector.map { Value($0) }
}

private func nodes(_ matrix: Matrix) -> [[Value]] {
    matrix.rows.map { row in row.map { Value($0) } }
}

private func grads(_ vector: [Value]) -> [Double] {
    vector.map(\.grad)
}

private func grads(_ matrix: [[Value]]) -> Matrix {
    Matrix(rows: matrix.map(grads))
}
