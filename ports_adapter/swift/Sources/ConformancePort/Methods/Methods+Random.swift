import Transformer

// Draws from CPython's generator, as the protocol orders them.

extension Methods {
    func random(_ params: Fields) throws -> JSON {
        var random = PythonRandom(seed: UInt(try params.integer("seed")))
        let results = try params.objects("draws").map { try draw($0, from: &random) }
        return ["results": .array(results)]
    }

    private enum Draw: String, CaseIterable {
        case random
        case gauss
        case shuffle
        case choices
    }

    private func draw(_ order: Fields, from random: inout PythonRandom) throws -> JSON {
        // A shuffle draws its indices from 32 bits.
        let count = try order.integer("count", to: Int(UInt32.max))
        switch try order.choice("draw", among: Draw.self) {
        case .random:
            return JSON((0..<count).map { _ in random.random() })
        case .gauss:
            let (mean, std) = try (order.number("mean"), order.number("std"))
            return JSON((0..<count).map { _ in random.gauss(mean: mean, std: std) })
        case .shuffle:
            var numbers = Array(0..<count)
            random.shuffle(&numbers)
            return JSON(numbers)
        case .choices:
            let weights = try order.vector("weights")
            guard weights.allSatisfy({ $0 >= 0 }), weights.reduce(0, +) > 0 else {
                throw order.wrong("weights", "must hold none below 0, and not only 0")
            }
            return JSON((0..<count).map { _ in random.choice(weights: weights) })
        }
    }
}
