/// What stands between the two matrices of the perceptron, by its name in the protocol.
package enum Activation: String, CaseIterable, Sendable {
    case relu
    /// The square of relu (So et al., 2021).
    case squaredReLU = "squared_relu"
    /// `x (1 + tanh(u)) / 2` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`, as GPT-2 has it.
    ///
    /// Both engines compute it with `(1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))`, in which nothing
    /// cancels (Hendrycks and Gimpel, 2016).
    case gelu
}

/// The constants of GELU's `u`.
enum GELU {
    static let scale = (2 / Double.pi).squareRoot()
    static let cubic = 0.044715
}
