// The layers as functions from nodes to nodes. The order of operations, and of operands, is the
// program's own, on which the last bits depend.

/// From left to right, starting at 0.
func sum(_ terms: some Sequence<Value>) -> Value {
    var terms = terms.makeIterator()
    guard let first = terms.next() else { return Value(0) }
    var total = first + 0
    while let term = terms.next() { total = total + term }
    return total
}

/// The sum of products.
func dot(_ a: some Sequence<Value>, _ b: some Sequence<Value>) -> Value {
    sum(zip(a, b).lazy.map { $0 * $1 })
}

func add(_ a: [Value], _ b: [Value]) -> [Value] {
    zip(a, b).map { $0 + $1 }
}

/// A matrix times a vector: `x` is `[nin]`, `w` is `[nout][nin]`.
func linear(_ x: [Value], _ w: [[Value]]) -> [Value] {
    w.map { dot($0, x) }
}

/// Logits to probabilities.
///
/// The maximum is subtracted as a constant: it keeps `exp` in range and cancels in the quotient.
func softmax(_ logits: [Value]) -> [Value] {
    let maximum = logits.lazy.map(\.data).max() ?? 0
    let exps = logits.map { ($0 - maximum).exp() }
    let total = sum(exps)
    return exps.map { $0 / total }
}

/// Scales a vector to a root mean square of about 1.
func rmsnorm(_ x: [Value]) -> [Value] {
    let meanSquare = dot(x, x) / Double(x.count)
    let scale = (meanSquare + 1e-5).power(-0.5)
    return x.map { $0 * scale }
}

/// How surprising the target is, in nats.
func crossEntropy(_ logits: [Value], target: Int) -> Value {
    -softmax(logits)[target].log()
}

/// The nodes of attention, one vector a head; the output has the heads side by side.
struct ScalarAttention {
    var scores: [[Value]] = []
    var weights: [[Value]] = []
    var output: [Value] = []

    /// One query over all cached positions. `query` is `[n_embd]`, `keys` and `values` are
    /// `[positions][n_embd]`; the heads are contiguous slices of them.
    init(query: [Value], keys: [[Value]], values: [[Value]], heads: Int) {
        let size = query.count / heads
        for head in 0..<heads {
            let slice = head * size..<(head + 1) * size
            let scale = raised(Double(size), to: 0.5)
            let scores = keys.map { dot(query[slice], $0[slice]) / scale }
            let weights = softmax(scores)
            self.scores.append(scores)
            self.weights.append(weights)
            output += slice.map { place in dot(weights, values.lazy.map { $0[place] }) }
        }
    }
}

/// The nodes of the perceptron with one hidden layer.
struct ScalarMLP {
    let hidden: [Value]
    let activated: [Value]
    let output: [Value]

    /// `x` is `[nin]`, `fc1` is `[hidden][nin]`, `fc2` `[nout][hidden]`.
    init(_ x: [Value], fc1: [[Value]], fc2: [[Value]], activation: Activation) {
        hidden = linear(x, fc1)
        activated = hidden.map(activation.of)
        output = linear(activated, fc2)
    }
}
