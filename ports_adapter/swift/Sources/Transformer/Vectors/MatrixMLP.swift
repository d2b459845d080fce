/// The perceptron with one hidden layer, at every position: `fc2 * activation(fc1 * x)`.
struct MatrixMLP {
    let activation: Activation
    let hidden: Matrix
    let activated: Matrix
    let output: Matrix

    /// `x` is `[positions][nin]`, `fc1` is `[hidden][nin]`, `fc2` `[nout][hidden]`.
    init(_ x: Matrix, fc1: Matrix, fc2: Matrix, activation: Activation) {
        self.activation = activation
        hidden = linear(x, fc1)
        activated = activation.of(hidden)
        output = linear(activated, fc2)
    }

    struct Gradients {
        let x: Matrix
        let fc1: Matrix
        let fc2: Matrix
        let hidden: Matrix
        let activated: Matrix
    }

    /// The chain rule through the three steps, from the inputs that the perceptron was made of.
    func gradients(_ x: Matrix, fc1: Matrix, fc2: Matrix, outputGrad: Matrix) -> Gradients {
        let second = linearGradients(activated, fc2, outputGrad)
        let hiddenGrad = activation.gradient(hidden, second.x)
        let first = linearGradients(x, fc1, hiddenGrad)
        return Gradients(
            x: first.x, fc1: first.w, fc2: second.w, hidden: hiddenGrad, activated: second.x)
    }
}
