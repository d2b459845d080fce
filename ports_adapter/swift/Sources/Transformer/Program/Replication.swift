/// The whole program, from a seed and a corpus to invented documents.
package struct Replication {
    package let design: Design
    package let optimizer: Adam
    package let seed: UInt
    package let initStd: Double
    package let temperature: Double
    package let sampleCount: Int
    /// Holds at least one document.
    package let corpus: String

    package init(
        design: Design, optimizer: Adam, seed: UInt, initStd: Double, temperature: Double,
        sampleCount: Int, corpus: String
    ) {
        self.design = design
        self.optimizer = optimizer
        self.seed = seed
        self.initStd = initStd
        self.temperature = temperature
        self.sampleCount = sampleCount
        self.corpus = corpus
    }

    package struct Outcome {
        package let documentCount: Int
        package let vocabularySize: Int
        package let parameterCount: Int
        package let samples: [String]
    }

    /// One generator serves it all, in this order: shuffle, weights, samples.
    package func run(
        by engine: any Engine, onStep: (Training.Step) throws -> Void
    ) throws -> Outcome {
        var random = PythonRandom(seed: seed)
        var documents = documents(in: corpus)
        random.shuffle(&documents)
        let tokenizer = Tokenizer(documents, specialTokens: design.parts.specialTokens)
        let weights = drawWeights(vocabularySize: tokenizer.vocabularySize, &random)

        let training = Training(
            design: design,
            optimizer: optimizer,
            documents: documents.map(tokenizer.encode),
            steps: 0..<optimizer.stepCount
        )
        let start = TrainingState(weights: weights)
        let trained = try training.run(from: start, by: engine, onStep: onStep).weights

        let model = try Model(design: design, weights: trained)
        let samples = (0..<sampleCount).map { _ in
            sample(model, by: engine, temperature: temperature) { random.random() }
        }
        return Outcome(
            documentCount: documents.count,
            vocabularySize: tokenizer.vocabularySize,
            parameterCount: trained.values.reduce(0) { $0 + $1.values.count },
            samples: samples.map(tokenizer.decode)
        )
    }

    /// A matrix whose standard deviation is 0 is drawn like the others, for the generator's sake.
    private func drawWeights(vocabularySize: Int, _ random: inout PythonRandom) -> Tensors {
        var weights: Tensors = [:]
        for shape in design.weightShapes(vocabularySize: vocabularySize) {
            let std = shape.endsBranch ? design.parts.branchStd ?? initStd : initStd
            let values = (0..<shape.rows * shape.columns).map { _ in
                random.gauss(mean: 0, std: std)
            }
            weights[shape.name] = Matrix(
                rowCount: shape.rows, columnCount: shape.columns, values: values)
        }
        return weights
    }
}
