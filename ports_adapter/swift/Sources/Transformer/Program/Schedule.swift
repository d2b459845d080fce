import Foundation

/// How the learning rate decays.
package enum Schedule: Sendable {
    /// Evenly to 0.
    case linear
    /// To 0 along half a wave of the cosine (Loshchilov and Hutter, 2017).
    case cosine

    /// What is left of the learning rate at a step, counted from 0.
    func share(at step: Int, of stepCount: Int) -> Double {
        switch self {
        case .linear: 1 - Double(step) / Double(stepCount)
        case .cosine: 0.5 * (1 + cos(Double.pi * Double(step) / Double(stepCount)))
        }
    }
}
