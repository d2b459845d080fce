import Testing

@testable import Transformer

struct ProgramTests {
    private let optimizer = Adam(
        learningRate: 0.01, beta1: 0.85, beta2: 0.99, eps: 1e-8, stepCount: 40)

    @Test func theFirstUpdateMovesEveryWeightByTheLearningRate() throws {
        let grads = Matrix(rows: [[3, -0.001, 0]])
        var state = TrainingState(weights: ["w": Matrix(rows: [[1, 1, 1]])])
        optimizer.update(&state, grads: ["w": grads], step: 0)
        let moved = try #require(state.weights["w"])
        #expect(isClose(moved.values, [0.99, 1.01, 1], within: 1e-7))
        #expect(isClose(try #require(state.m["w"]).values, [0.45, -0.00015, 0]))
        #expect(isClose(try #require(state.v["w"]).values, [0.09, 1e-8, 0]))
    }

    @Test func theLearningRateFallsToZero() {
        #expect(optimizer.learningRate(at: 0) == 0.01)
        #expect(optimizer.learningRate(at: 20) == 0.005)
        #expect(optimizer.learningRate(at: 40) == 0)
    }

    @Test func bothEnginesRunTheSameProgram() throws {
        let program = Replication(
            sizes: Sizes(embedding: 8, heads: 2, layers: 1, block: 8), optimizer: optimizer,
            seed: 42, initStd: 0.08, temperature: 0.5, sampleCount: 5,
            corpus: "wren\nowl\nkite\nnene\nrook\n")
        var losses: [[Double]] = []
        var samples: [[String]] = []
        for engine in engines {
            losses.append([])
            let outcome = try program.run(by: engine) { step in
                losses[losses.count - 1].append(step.result.loss)
            }
            samples.append(outcome.samples)
            #expect(outcome.documentCount == 5)
            #expect(outcome.vocabularySize == 10)
            #expect(outcome.parameterCount == 992)
        }
        #expect(losses[0].count == 40)
        #expect(isClose(losses[0], losses[1]))
        let (first, last) = (losses[0].prefix(5).reduce(0, +), losses[0].suffix(5).reduce(0, +))
        #expect(last < 0.8 * first)
        #expect(samples[0] == samples[1])
    }

    @Test(arguments: engines)
    func aSampleEndsWithTheBlock(engine: any Engine) throws {
        var draw = Draw(seed: 8)
        let weights = draw.weights(smallSizes, vocabularySize: 5)
        let model = try Model(sizes: smallSizes, weights: weights)
        // 0 always chooses the first token, a number near 1 the last one, which ends the document.
        #expect(sample(model, by: engine, temperature: 1) { 0 } == [0, 0, 0, 0, 0, 0])
        #expect(sample(model, by: engine, temperature: 1) { 1 - 1e-12 } == [])
    }
}
