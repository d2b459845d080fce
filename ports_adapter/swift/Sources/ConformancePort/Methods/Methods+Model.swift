import Transformer

// The whole model: reading a document, with and without gradients, and writing one.

extension Methods {
    func forward(_ params: Fields) throws -> JSON {
        let (model, tokens) = try document(params)
        let forward = engine.forward(model, tokens: tokens)
        var answer = ["logits": JSON(forward.logits)]
        if try params.flag("intermediates") {
            answer["intermediates"] = JSON(forward.intermediates())
        }
        return .object(answer)
    }

    func backward(_ params: Fields) throws -> JSON {
        let (model, tokens) = try document(params)
        let backward = engine.backward(model, tokens: tokens)
        var answer: [String: JSON] = [
            "loss": .number(backward.loss),
            "losses": JSON(backward.losses),
            "grads": JSON(backward.grads),
        ]
        if try params.flag("intermediates") {
            answer["intermediate_grads"] = JSON(backward.intermediateGrads())
        }
        return .object(answer)
    }

    func sample(_ params: Fields) throws -> JSON {
        let (design, weights) = try params.model()
        let model = try Model(design: design, weights: weights)
        let temperature = try params.positiveNumber("temperature")
        let uniforms = try params.list("uniforms").isEmpty ? [] : params.vector("uniforms")
        var remaining = uniforms[...]
        let tokens = try Transformer.sample(model, by: engine, temperature: temperature) {
            guard let uniform = remaining.popFirst() else {
                throw params.wrong("uniforms", "ran out after \(uniforms.count)")
            }
            return uniform
        }
        return [
            "tokens": JSON(tokens),
            "uniforms_used": .integer(uniforms.count - remaining.count),
        ]
    }

    private func document(_ params: Fields) throws -> (Model, [Int]) {
        let (design, weights) = try params.model()
        let model = try Model(design: design, weights: weights)
        let tokens = try params.document("tokens", vocabularySize: model.vocabularySize)
        return (model, tokens)
    }
}
