import Testing

@testable import Transformer

struct ProgramTests {
    private let optimizer = adam(.linear)

    private static func adam(_ schedule: Schedule) -> Adam {
        Adam(
            learningRate: 0.01, beta1: 0.85, beta2: 0.99, eps: 1e-8, stepCount: 40,
            schedule: schedule)
    }

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

    @Test func alongTheCosineItFallsLateAndThenFaster() {
        let optimizer = Self.adam(.cosine)
        let rates = [0, 10, 20, 40].map { optimizer.learningRate(at: $0) }
        #expect(isClose(rates, [0.01, 0.008535533905932738, 0.005, 0]))
    }

    @Test(arguments: [
        (Profile.microgpt, 10, 992), (.earlyRevision, 10, 992), (.firstRevision, 11, 920),
    ])
    func bothEnginesRunTheSameProgram(profile: Profile, tokens: Int, parameters: Int) throws {
        let design = Design(
            parts: profile.parts, sizes: Sizes(embedding: 8, heads: 2, layers: 1, block: 8))
        let program = Replication(
            design: design, optimizer: Self.adam(profile.parts.schedule),
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
            #expect(outcome.vocabularySize == tokens)
            #expect(outcome.parameterCount == parameters)
        }
        #expect(losses[0].count == 40)
        #expect(isClose(losses[0], losses[1]))
        let (first, last) = (losses[0].prefix(5).reduce(0, +), losses[0].suffix(5).reduce(0, +))
        #expect(last < 0.8 * first)
        #expect(samples[0] == samples[1])
    }

    @Test(arguments: engines)
    func aSampleEndsWithTheBlock(engine: any Engine) throws {
        let model = try smallModel(.microgpt)
        // 0 always chooses the first token, a number near 1 the last one, which ends the document.
        #expect(sample(model, by: engine, temperature: 1) { 0 } == [0, 0, 0, 0, 0, 0])
        #expect(sample(model, by: engine, temperature: 1) { 1 - 1e-12 } == [])
    }

    @Test(arguments: engines)
    func aSampleMayHoldABeginningButNoEnd(engine: any Engine) throws {
        let model = try smallModel(.firstRevision)
        #expect((model.bos, model.eos) == (0, 1))
        // Below its first probability 0 is chosen, which begins a document and does not end it.
        #expect(sample(model, by: engine, temperature: 1) { 0 } == [0, 0, 0, 0, 0, 0])
        let read = engine.reader(of: model)
        let probabilities = engine.softmaxVJP(x: read(0), outputGrad: [0, 0, 0, 0, 0]).output
        let end = probabilities[0] + probabilities[1] / 2
        #expect(sample(model, by: engine, temperature: 1) { end } == [])
    }
}
