/// A course of training: which steps, on which documents.
package struct Training {
    package let design: Design
    package let optimizer: Adam
    /// Tokens of each; there is at least one document.
    package let documents: [[Int]]
    /// Counted from 0.
    package let steps: Range<Int>

    package init(design: Design, optimizer: Adam, documents: [[Int]], steps: Range<Int>) {
        self.design = design
        self.optimizer = optimizer
        self.documents = documents
        self.steps = steps
    }

    /// What there is to tell of a step when it is done.
    package struct Step {
        package let number: Int
        package let learningRate: Double
        package let result: Backward
        /// After the update.
        package let state: TrainingState
    }

    /// The state after the last step. Every step takes one document, round and round.
    package func run(
        from state: TrainingState, by engine: any Engine, onStep: (Step) throws -> Void
    ) throws -> TrainingState {
        var state = state
        for number in steps {
            let model = try Model(design: design, weights: state.weights)
            let result = engine.backward(model, tokens: documents[number % documents.count])
            optimizer.update(&state, grads: result.grads, step: number)
            let rate = optimizer.learningRate(at: number)
            try onStep(Step(number: number, learningRate: rate, result: result, state: state))
        }
        return state
    }
}
