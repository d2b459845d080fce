import Foundation

extension Activation {
    /// Of one node.
    func of(_ x: Value) -> Value {
        switch self {
        case .relu: x.relu()
        case .squaredReLU: x.relu().power(2)
        case .gelu: x.gelu()
        }
    }
}

/// What `exp` has finite results for, up or down.
private let finiteExponents = log(Double.greatestFiniteMagnitude)

extension Value {
    fileprivate func gelu() -> Value {
        let u = (self + power(3) * GELU.cubic) * GELU.scale
        let exponent = u * -2
        // Out there it is 0 or `x` to the last bit, while a slope would be 0 times infinity.
        if abs(exponent.data) > finiteExponents { return self * (data > 0 ? 1 : 0) }
        return self / (exponent.exp() + 1)
    }
}
