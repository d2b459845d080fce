import Foundation

/// CPython's `random` module, number for number.
package struct PythonRandom {
    private var generator: MersenneTwister
    /// The second of each pair of Gaussian draws waits here for its turn.
    private var spare: Double?

    package init(seed: UInt) {
        let (low, high) = (UInt32(truncatingIfNeeded: seed), UInt32(UInt64(seed) >> 32))
        generator = MersenneTwister(key: high == 0 ? [low] : [low, high])
    }

    /// A uniform number in `[0, 1)`, of 53 bits.
    package mutating func random() -> Double {
        let high = generator.next() >> 5
        let low = generator.next() >> 6
        return (Double(high) * 0x1p26 + Double(low)) / 0x1p53
    }

    /// A normally distributed number, by Box and Muller (1958).
    package mutating func gauss(mean: Double, std: Double) -> Double {
        if let z = spare.take() { return mean + z * std }
        let angle = random() * (2 * Double.pi)
        let radius = (-2 * log(1 - random())).squareRoot()
        spare = sin(angle) * radius
        return mean + cos(angle) * radius * std
    }

    package mutating func shuffle<Element>(_ items: inout [Element]) {
        for i in stride(from: items.count - 1, to: 0, by: -1) {
            items.swapAt(i, Int(below(UInt32(i + 1))))
        }
    }

    /// One of `[0, 1, ..., weights.count - 1]`, as `choices` with these weights.
    package mutating func choice(weights: [Double]) -> Int {
        choose(weights: weights, uniform: random())
    }

    /// A whole number below `n`, which is above 0: as many bits as `n` has, until they are fewer.
    private mutating func below(_ n: UInt32) -> UInt32 {
        while true {
            let draw = generator.next() >> n.leadingZeroBitCount
            if draw < n { return draw }
        }
    }
}

/// The index that `random.choices` picks when its `random()` gives `uniform`.
package func choose(weights: [Double], uniform: Double) -> Int {
    var total = 0.0
    let cumulative = weights.map { weight in
        total += weight
        return total
    }
    let point = uniform * total
    var (low, high) = (0, weights.count - 1)
    while low < high {
        let middle = (low + high) / 2
        if point < cumulative[middle] { high = middle } else { low = middle + 1 }
    }
    return low
}
