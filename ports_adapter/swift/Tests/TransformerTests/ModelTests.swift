import Testing

@testable import Transformer

struct ModelTests {
    /// Longer than the block, and with a token that occurs twice.
    private let tokens = [4, 0, 1, 1, 2, 3, 0, 4]

    @Test(arguments: engines, revisions)
    func gradientsAreTheSlopesOfTheLoss(engine: any Engine, profile: Profile) throws {
        let model = try smallModel(profile)
        let weights = model.weights.byName
        let result = engine.backward(model, tokens: tokens)
        for (name, matrix) in weights {
            let slopes = try differences(at: matrix.values) { values in
                var moved = weights
                moved[name] = matrix.with(values)
                let movedModel = try Model(design: model.design, weights: moved)
                // On the loss the engines agree, and this one is quicker.
                return VectorEngine().backward(movedModel, tokens: tokens).loss
            }
            let grad = try #require(result.grads[name])
            #expect(isClose(grad.values, slopes, within: 1e-7), "\(name)")
        }
    }

    @Test(arguments: revisions)
    func theEnginesAgree(profile: Profile) throws {
        let model = try smallModel(profile)
        let results = engines.map { $0.backward(model, tokens: tokens) }
        #expect(isClose([results[0].loss], [results[1].loss]))
        #expect(isClose(results[0].logits.values, results[1].logits.values))
        for (name, grad) in results[0].grads {
            let other = try #require(results[1].grads[name])
            #expect(isClose(grad.values, other.values), "\(name)")
        }
    }

    @Test(arguments: revisions)
    func theEnginesAgreeOnEveryIntermediate(profile: Profile) throws {
        let model = try smallModel(profile)
        let nodes = engines.map { $0.forward(model, tokens: tokens).intermediates() }
        let grads = engines.map { $0.backward(model, tokens: tokens).intermediateGrads() }
        for pair in [nodes, grads] {
            #expect(pair[0].count == 3 + 2 * 14)
            #expect(pair[0].keys.sorted() == pair[1].keys.sorted())
            for (name, parts) in pair[0] {
                let others = pair[1][name] ?? []
                #expect(isClose(parts.flatMap(numbers), others.flatMap(numbers)), "\(name)")
            }
        }
    }

    @Test(arguments: engines, revisions)
    func readingTokenByTokenIsReadingAtOnce(engine: any Engine, profile: Profile) throws {
        let model = try smallModel(profile)
        let logits = engine.forward(model, tokens: tokens).logits
        let read = engine.reader(of: model)
        #expect(logits.rowCount == smallSizes.block)
        for position in 0..<smallSizes.block {
            #expect(isClose(read(tokens[position]), Array(logits.row(position))))
        }
    }

    @Test(arguments: engines)
    func whatIsNotReadHasNoGradient(engine: any Engine) throws {
        let model = try smallModel(.microgpt)
        let grads = engine.backward(model, tokens: [4, 0, 4]).grads
        let (wte, wpe) = (try #require(grads["wte"]), try #require(grads["wpe"]))
        #expect(Array(wte.row(2)) == [0, 0, 0, 0])
        #expect(Array(wpe.row(2)) == [0, 0, 0, 0])
        #expect(Array(wte.row(0)) != [0, 0, 0, 0])
    }

    @Test func weightsMustBeThereAndFit() throws {
        let model = try smallModel(.microgpt)
        let (design, weights) = (model.design, model.weights.byName)
        var lacking = weights
        lacking["lm_head"] = nil
        #expect(throws: ModelError.self) { try Model(design: design, weights: lacking) }
        var misshapen = weights
        misshapen["lm_head"] = Matrix(zeros: 5, 3)
        #expect(throws: ModelError.self) { try Model(design: design, weights: misshapen) }
    }

    private func numbers(_ part: Intermediate<Double>) -> [Double] {
        switch part {
        case .vector(let vector): vector
        case .heads(let heads): heads.flatMap { $0 }
        }
    }
}
