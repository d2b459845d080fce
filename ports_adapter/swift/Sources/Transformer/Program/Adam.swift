/// What training carries from step to step: the weights, and Adam's two running means.
package struct TrainingState {
    package var weights: Tensors
    package var m: Tensors
    package var v: Tensors

    package init(weights: Tensors, m: Tensors, v: Tensors) {
        self.weights = weights
        self.m = m
        self.v = v
    }

    /// Before the first step both running means are 0.
    init(weights: Tensors) {
        let zeros = weights.mapValues { Matrix(zeros: $0.rowCount, $0.columnCount) }
        self.init(weights: weights, m: zeros, v: zeros)
    }
}

/// Adam (Kingma and Ba, 2015) with a learning rate that decays to 0.
package struct Adam: Sendable {
    package let learningRate: Double
    package let beta1: Double
    package let beta2: Double
    package let eps: Double
    package let stepCount: Int
    package let schedule: Schedule

    package init(
        learningRate: Double, beta1: Double, beta2: Double, eps: Double, stepCount: Int,
        schedule: Schedule
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.stepCount = stepCount
        self.schedule = schedule
    }

    /// The learning rate of a step, counted from 0.
    package func learningRate(at step: Int) -> Double {
        learningRate * schedule.share(at: step, of: stepCount)
    }

    /// One update, after a step counted from 0. Where there is no gradient, there still is
    /// momentum. Tensors that `grads` lacks stay as they are.
    package func update(_ state: inout TrainingState, grads: Tensors, step: Int) {
        let rule = Rule(self, step: step)
        for (name, grad) in grads {
            guard let w = state.weights[name], let m = state.m[name], let v = state.v[name] else {
                continue
            }
            let newM = m.combined(with: grad) { beta1 * $0 + (1 - beta1) * $1 }
            let newV = v.combined(with: grad) { beta2 * $0 + (1 - beta2) * raised($1, to: 2) }
            let change = newM.combined(with: newV, rule.change)
            state.m[name] = newM
            state.v[name] = newV
            state.weights[name] = w.combined(with: change, -)
        }
    }

    /// What is the same for all weights in a step.
    ///
    /// The running means start at 0 and lean towards it: after `t` updates they hold `1 - beta^t`
    /// of the whole, by which they are divided.
    private struct Rule {
        let learningRate: Double
        let eps: Double
        let mShare: Double
        let vShare: Double

        init(_ adam: Adam, step: Int) {
            learningRate = adam.learningRate(at: step)
            eps = adam.eps
            mShare = 1 - raised(adam.beta1, to: Double(step + 1))
            vShare = 1 - raised(adam.beta2, to: Double(step + 1))
        }

        /// By how much a weight falls.
        func change(m: Double, v: Double) -> Double {
            learningRate * (m / mShare) / (raised(v / vShare, to: 0.5) + eps)
        }
    }
}
