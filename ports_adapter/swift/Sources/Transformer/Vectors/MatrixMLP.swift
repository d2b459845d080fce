/// The perceptron with one hidden layer, at every position: `fc2 * relu(fc1 * x)`.
struct MatrixMLP {
    let hidden: Matrix
    let activation: Matrix
    let output: Matrix

    /// `x` is `[positions][nin]`, `fc1` is `[hidden][nin]`, `fc2` `[nout][hidden]`.
    init(_ x: Matrix, fc1: Matrix, fc2: Matrix) {
        hidden = linear(x, fc1)
        activation = relu(hidden)
        output = linear(activation, fc2)
    }

    struct Gradients {
        let x: Matrix
        let fc1: Matrix
        let fc2: Matrix
        let hidden: Matrix
        let activation: Matrix
    }

    /// The chain rule through the three steps, from the inputs that the perceptron was made of.
    func gradients(_ x: Matrix, fc1: Matrix, fc2: Matrix, outputGrad: Matrix) -> Gradients {
        let second = linearGradients(activation, fc2, outputGrad)
        let hiddenGrad = reluGradient(hidden, second.x)
        let first = linearGradients(x, fc1, hiddenGrad)
        return Gradients(
            x: first.x, fc1: first.w, fc2: second.w, hidden: hiddenGrad, activation: second.x)
    }
}
