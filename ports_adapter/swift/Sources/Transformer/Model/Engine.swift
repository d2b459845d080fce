/// A way to compute the model and its gradients.
///
/// A layer's `VJP` is its output together with its vector-Jacobian product: the gradients of
/// `sum_i outputGrad[i] * output[i]` by each of its inputs.
package protocol Engine: Sendable {
    /// How it computes, in a word or two.
    var name: String { get }

    /// `x` is `[nin]`, `w` is `[nout][nin]`, the output `[nout]`.
    func linearVJP(x: [Double], w: Matrix, outputGrad: [Double])
        -> (output: [Double], x: [Double], w: Matrix)

    func softmaxVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double])

    func rmsnormVJP(x: [Double], outputGrad: [Double]) -> (output: [Double], x: [Double])

    /// One query over all cached positions: `q` is `[n_embd]`, `k` and `v` `[positions][n_embd]`.
    func attentionVJP(q: [Double], k: Matrix, v: Matrix, heads: Int, outputGrad: [Double])
        -> (output: [Double], q: [Double], k: Matrix, v: Matrix)

    /// `x` is `[nin]`, `fc1` is `[hidden][nin]`, `fc2` `[nout][hidden]`.
    func mlpVJP(
        x: [Double], fc1: Matrix, fc2: Matrix, activation: Activation, outputGrad: [Double]
    ) -> (output: [Double], x: [Double], fc1: Matrix, fc2: Matrix)

    func crossEntropyVJP(logits: [Double], target: Int) -> (loss: Double, logits: [Double])

    /// Reads a document of at least two tokens.
    func forward(_ model: Model, tokens: [Int]) -> Forward

    /// Reads a document of at least two tokens, and learns how each weight should change.
    func backward(_ model: Model, tokens: [Int]) -> Backward

    /// A function that reads one token after the other and gives the logits of the next.
    func reader(of model: Model) -> (_ token: Int) -> [Double]
}

/// What reading a document gives.
package struct Forward {
    /// `[positions][vocabulary]`.
    package let logits: Matrix
    /// Computed when asked for.
    package let intermediates: () -> Intermediates
}

/// What reading a document gives, and its gradients.
package struct Backward {
    /// The mean of the losses, in nats.
    package let loss: Double
    /// `[positions]`.
    package let losses: [Double]
    /// `[positions][vocabulary]`.
    package let logits: Matrix
    /// Of the loss, shaped and named like the weights.
    package let grads: Tensors
    /// Gradients by the intermediates, computed when asked for.
    package let intermediateGrads: () -> Intermediates
}

/// What the model computes on the way: by name, then by position.
package typealias Intermediates = [String: [Intermediate<Double>]]

/// One position's part of a named intermediate.
package enum Intermediate<Element> {
    case vector([Element])
    /// One vector a head, of a number for every position so far.
    case heads([[Element]])

    func map<Other>(_ transform: (Element) -> Other) -> Intermediate<Other> {
        switch self {
        case .vector(let vector): .vector(vector.map(transform))
        case .heads(let heads): .heads(heads.map { $0.map(transform) })
        }
    }
}
