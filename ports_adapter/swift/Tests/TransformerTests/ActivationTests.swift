import Testing

@testable import Transformer

struct ActivationTests {
    @Test(arguments: engines, Activation.allCases)
    func gradientsAreSlopes(engine: any Engine, activation: Activation) {
        for x in [-3, -0.7517915246935645, -0.1, 1e-3, 0.5, 2, 6.0] {
            let answer = activated(x, activation, engine)
            let slope = differences(at: [x]) { activated($0[0], activation, engine).value }
            #expect(isClose([answer.slope], slope, within: 1e-8), "at \(x)")
        }
    }

    @Test(arguments: engines)
    func theSquareOfReLU(engine: any Engine) {
        #expect(activated(3, .squaredReLU, engine) == (9, 6))
        #expect(activated(-3, .squaredReLU, engine) == (0, 0))
        #expect(activated(0, .squaredReLU, engine) == (0, 0))
    }

    /// By its formula, with `tanh`.
    @Test(arguments: engines)
    func geluIsThatOfGPT2(engine: any Engine) {
        let known = [(1.0, 0.8411919906082768), (-1, -0.15880800939172324), (0, 0)]
        for (x, value) in known {
            #expect(isClose([activated(x, .gelu, engine).value], [value]), "at \(x)")
        }
        #expect(activated(0, .gelu, engine).slope == 0.5)
    }

    @Test(
        arguments: engines,
        [20, 21, 21.5, 22, 1e3, 1e110, 1e160, 1e308].flatMap { [$0, -$0] })
    func farFromZeroGELUIsAllOrNothing(engine: any Engine, x: Double) {
        let answer = activated(x, .gelu, engine)
        #expect(isClose([answer.value, answer.slope], x > 0 ? [x, 1] : [0, 0]))
    }

    /// A perceptron of one hidden node, with nothing but the activation between 1 and 1.
    private func activated(
        _ x: Double, _ activation: Activation, _ engine: any Engine
    ) -> (value: Double, slope: Double) {
        let one = Matrix(rows: [[1]])
        let answer = engine.mlpVJP(
            x: [x], fc1: one, fc2: one, activation: activation, outputGrad: [1])
        return (answer.output[0], answer.x[0])
    }
}
