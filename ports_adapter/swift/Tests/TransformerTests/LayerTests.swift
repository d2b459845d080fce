import Testing

@testable import Transformer

/// Each layer's gradients against finite differences, in both engines.
struct LayerTests {
    private let tolerance = 1e-7

    @Test(arguments: engines)
    func linear(engine: any Engine) {
        var draw = Draw(seed: 1)
        let (x, w, g) = (draw.vector(3), draw.matrix(4, 3), draw.vector(4))
        let answer = engine.linearVJP(x: x, w: w, outputGrad: g)
        let byX = differences(at: x) { dot(engine.linearVJP(x: $0, w: w, outputGrad: g).output, g) }
        let byW = differences(at: w.values) {
            dot(engine.linearVJP(x: x, w: w.with($0), outputGrad: g).output, g)
        }
        #expect(isClose(answer.x, byX, within: tolerance))
        #expect(isClose(answer.w.values, byW, within: tolerance))
    }

    @Test(arguments: engines)
    func softmax(engine: any Engine) {
        var draw = Draw(seed: 2)
        let (x, g) = (draw.vector(5), draw.vector(5))
        let answer = engine.softmaxVJP(x: x, outputGrad: g)
        let byX = differences(at: x) { dot(engine.softmaxVJP(x: $0, outputGrad: g).output, g) }
        #expect(isClose([answer.output.reduce(0, +)], [1]))
        #expect(isClose(answer.x, byX, within: tolerance))
    }

    @Test(arguments: engines)
    func softmaxOfHugeLogitsIsFinite(engine: any Engine) {
        let answer = engine.softmaxVJP(x: [1000, 0, -1000], outputGrad: [1, 1, 1])
        #expect(answer.output == [1, 0, 0])
    }

    @Test(arguments: engines)
    func rmsnorm(engine: any Engine) {
        var draw = Draw(seed: 3)
        let (x, g) = (draw.vector(5), draw.vector(5))
        let answer = engine.rmsnormVJP(x: x, outputGrad: g)
        let byX = differences(at: x) { dot(engine.rmsnormVJP(x: $0, outputGrad: g).output, g) }
        #expect(isClose([dot(answer.output, answer.output) / 5], [1], within: 1e-4))
        #expect(isClose(answer.x, byX, within: tolerance))
    }

    @Test(arguments: engines)
    func attention(engine: any Engine) {
        var draw = Draw(seed: 4)
        let (q, k, v) = (draw.vector(4), draw.matrix(3, 4), draw.matrix(3, 4))
        let g = draw.vector(4)
        func loss(_ q: [Double], _ k: Matrix, _ v: Matrix) -> Double {
            dot(engine.attentionVJP(q: q, k: k, v: v, heads: 2, outputGrad: g).output, g)
        }
        let answer = engine.attentionVJP(q: q, k: k, v: v, heads: 2, outputGrad: g)
        let byQ = differences(at: q) { loss($0, k, v) }
        let byK = differences(at: k.values) { loss(q, k.with($0), v) }
        let byV = differences(at: v.values) { loss(q, k, v.with($0)) }
        #expect(isClose(answer.q, byQ, within: tolerance))
        #expect(isClose(answer.k.values, byK, within: tolerance))
        #expect(isClose(answer.v.values, byV, within: tolerance))
    }

    @Test(arguments: engines)
    func attentionToOnePositionIsItsValue(engine: any Engine) {
        let v = Matrix(rows: [[5, 6]])
        let answer = engine.attentionVJP(
            q: [1, 2], k: Matrix(rows: [[3, 4]]), v: v, heads: 1, outputGrad: [1, 1])
        #expect(answer.output == [5, 6])
        #expect(answer.q == [0, 0])
    }

    @Test(arguments: engines, Activation.allCases)
    func mlp(engine: any Engine, activation: Activation) {
        var draw = Draw(seed: 5)
        let (x, fc1, fc2) = (draw.vector(2), draw.matrix(8, 2), draw.matrix(3, 8))
        let g = draw.vector(3)
        func loss(_ x: [Double], _ fc1: Matrix, _ fc2: Matrix) -> Double {
            let answer = engine.mlpVJP(
                x: x, fc1: fc1, fc2: fc2, activation: activation, outputGrad: g)
            return dot(answer.output, g)
        }
        let answer = engine.mlpVJP(
            x: x, fc1: fc1, fc2: fc2, activation: activation, outputGrad: g)
        let byX = differences(at: x) { loss($0, fc1, fc2) }
        let byFC1 = differences(at: fc1.values) { loss(x, fc1.with($0), fc2) }
        let byFC2 = differences(at: fc2.values) { loss(x, fc1, fc2.with($0)) }
        #expect(isClose(answer.x, byX, within: tolerance))
        #expect(isClose(answer.fc1.values, byFC1, within: tolerance))
        #expect(isClose(answer.fc2.values, byFC2, within: tolerance))
    }

    @Test(arguments: engines)
    func crossEntropy(engine: any Engine) {
        var draw = Draw(seed: 6)
        let logits = draw.vector(5)
        let answer = engine.crossEntropyVJP(logits: logits, target: 3)
        let byLogits = differences(at: logits) {
            engine.crossEntropyVJP(logits: $0, target: 3).loss
        }
        #expect(isClose(answer.logits, byLogits, within: tolerance))
    }
}
