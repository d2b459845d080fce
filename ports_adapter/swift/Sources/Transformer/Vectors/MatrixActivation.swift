import Foundation

// What stands between the perceptron's matrices, on all positions at once.

extension Activation {
    /// Of every number.
    func of(_ x: Matrix) -> Matrix {
        switch self {
        case .relu: x.map { $0 > 0 ? $0 : 0 }
        case .squaredReLU: x.map { $0 > 0 ? $0 * $0 : 0 }
        case .gelu: x.map(GELU.of)
        }
    }

    /// From `dL/dy`, `dL/dx` for every number `x` and its activation `y`. At exactly 0 the slope
    /// of relu is taken as 0.
    func gradient(_ x: Matrix, _ outputGrad: Matrix) -> Matrix {
        switch self {
        case .relu: x.combined(with: outputGrad) { $0 > 0 ? $1 : 0 }
        case .squaredReLU: x.combined(with: outputGrad) { $0 > 0 ? 2 * $0 * $1 : 0 }
        case .gelu: x.combined(with: outputGrad) { GELU.slope($0) * $1 }
        }
    }
}

extension GELU {
    fileprivate static func of(_ x: Double) -> Double {
        x * gate(x)
    }

    /// `x s(x)` has the slope `s + x ds/dx`, in which `ds/dx = s (1 - s) 2 du/dx` and
    /// `du/dx = sqrt(2 / pi) (1 + 3 * 0.044715 x^2)`.
    fileprivate static func slope(_ x: Double) -> Double {
        let gate = gate(x)
        let bend = gate * (1 - gate)
        // Far from 0 the gate no longer moves, while `du/dx` overflows in the end.
        if bend == 0 { return gate }
        return gate + x * bend * 2 * scale * (1 + 3 * cubic * x * x)
    }

    /// How much of `x` passes: `s = 1 / (1 + exp(-2 u))`, from 0 to 1.
    private static func gate(_ x: Double) -> Double {
        let u = scale * (x + cubic * x * x * x)
        return 1 / (1 + exp(-2 * u))
    }
}
