@testable import Transformer

let engines: [any Engine] = [ScalarEngine(), VectorEngine()]

let smallSizes = Sizes(embedding: 4, heads: 2, layers: 2, block: 6)

/// Numbers drawn anew from a seed.
struct Draw {
    private var random: PythonRandom

    init(seed: UInt) {
        random = PythonRandom(seed: seed)
    }

    mutating func vector(_ count: Int, std: Double = 1) -> [Double] {
        (0..<count).map { _ in random.gauss(mean: 0, std: std) }
    }

    mutating func matrix(_ rows: Int, _ columns: Int, std: Double = 1) -> Matrix {
        Matrix(rowCount: rows, columnCount: columns, values: vector(rows * columns, std: std))
    }

    mutating func weights(_ design: Design, vocabularySize: Int) -> Tensors {
        var weights: Tensors = [:]
        for shape in design.weightShapes(vocabularySize: vocabularySize) {
            weights[shape.name] = matrix(shape.rows, shape.columns, std: 0.4)
        }
        return weights
    }
}

/// The programs that differ in their parts.
let revisions: [Profile] = [.microgpt, .earlyRevision, .firstRevision]

/// A small model of a program, with five tokens.
func smallModel(_ profile: Profile) throws -> Model {
    let design = Design(parts: profile.parts, sizes: smallSizes)
    var draw = Draw(seed: 7)
    return try Model(design: design, weights: draw.weights(design, vocabularySize: 5))
}

/// The derivative of `function` by each element of `point`, from two values near it.
func differences(
    at point: [Double], of function: ([Double]) throws -> Double
) rethrows -> [Double] {
    let step = 1e-5
    return try point.indices.map { index in
        var (above, below) = (point, point)
        above[index] += step
        below[index] -= step
        return (try function(above) - function(below)) / (2 * step)
    }
}

/// Whether two lists of numbers are the same but for rounding.
func isClose(_ a: [Double], _ b: [Double], within tolerance: Double = 1e-12) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * (1 + abs($1)) }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

extension Matrix {
    /// The same shape around other numbers.
    func with(_ values: [Double]) -> Matrix {
        Matrix(rowCount: rowCount, columnCount: columnCount, values: values)
    }
}
