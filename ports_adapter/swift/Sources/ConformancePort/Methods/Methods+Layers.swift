import Transformer

// Each layer alone: its output, and its vector-Jacobian product with `output_grad`.

extension Methods {
    func linear(_ params: Fields) throws -> JSON {
        let x = try params.vector("x")
        let w = try params.matrix("w", columns: x.count)
        let outputGrad = try params.vector("output_grad", count: w.rowCount)
        let answer = engine.linearVJP(x: x, w: w, outputGrad: outputGrad)
        return [
            "output": JSON(answer.output),
            "grads": ["x": JSON(answer.x), "w": JSON(answer.w)],
        ]
    }

    func softmax(_ params: Fields) throws -> JSON {
        let x = try params.vector("x")
        let outputGrad = try params.vector("output_grad", count: x.count)
        let answer = engine.softmaxVJP(x: x, outputGrad: outputGrad)
        return ["output": JSON(answer.output), "grads": ["x": JSON(answer.x)]]
    }

    func rmsnorm(_ params: Fields) throws -> JSON {
        let x = try params.vector("x")
        let outputGrad = try params.vector("output_grad", count: x.count)
        let answer = engine.rmsnormVJP(x: x, outputGrad: outputGrad)
        return ["output": JSON(answer.output), "grads": ["x": JSON(answer.x)]]
    }

    func attention(_ params: Fields) throws -> JSON {
        let q = try params.vector("q")
        let k = try params.matrix("k", columns: q.count)
        let v = try params.matrix("v", rows: k.rowCount, columns: q.count)
        let heads = try params.integer("n_head", from: 1)
        guard q.count.isMultiple(of: heads) else {
            throw params.wrong("n_head", "must divide the length of q, which is \(q.count)")
        }
        let outputGrad = try params.vector("output_grad", count: q.count)
        let answer = engine.attentionVJP(q: q, k: k, v: v, heads: heads, outputGrad: outputGrad)
        return [
            "output": JSON(answer.output),
            "grads": ["q": JSON(answer.q), "k": JSON(answer.k), "v": JSON(answer.v)],
        ]
    }

    func mlp(_ params: Fields) throws -> JSON {
        let x = try params.vector("x")
        let fc1 = try params.matrix("fc1", columns: x.count)
        let fc2 = try params.matrix("fc2", columns: fc1.rowCount)
        let outputGrad = try params.vector("output_grad", count: fc2.rowCount)
        let activation = try params.activation() ?? .relu
        let answer = engine.mlpVJP(
            x: x, fc1: fc1, fc2: fc2, activation: activation, outputGrad: outputGrad)
        return [
            "output": JSON(answer.output),
            "grads": ["x": JSON(answer.x), "fc1": JSON(answer.fc1), "fc2": JSON(answer.fc2)],
        ]
    }

    func crossEntropy(_ params: Fields) throws -> JSON {
        let logits = try params.vector("logits")
        let target = try params.integer("target")
        guard target < logits.count else {
            throw params.wrong("target", "must be below \(logits.count)")
        }
        let answer = engine.crossEntropyVJP(logits: logits, target: target)
        return ["loss": .number(answer.loss), "grads": ["logits": JSON(answer.logits)]]
    }
}
