/// Causal multi-head attention of many positions at once.
struct MatrixAttention {
    let heads: [Head]
    /// `[queries][n_embd]`, the heads side by side.
    let output: Matrix

    /// `keys` and `values` are `[positions][n_embd]`; `queries` asks for the last positions, each
    /// of which sees itself and what comes before. As many queries as keys are a whole document,
    /// one query is its newest token.
    init(queries: Matrix, keys: Matrix, values: Matrix, heads count: Int) {
        let size = queries.columnCount / count
        var output = queries
        heads = (0..<count).map { index in
            let slice = index * size..<(index + 1) * size
            let head = Head(queries.columns(slice), keys.columns(slice), values.columns(slice))
            output.setColumns(from: slice.lowerBound, to: head.weights.times(head.values))
            return head
        }
        self.output = output
    }

    struct Gradients {
        var queries: Matrix
        var keys: Matrix
        var values: Matrix
        /// `[queries][positions]` for each head.
        var scores: [Matrix] = []
        var weights: [Matrix] = []
    }

    func gradients(outputGrad: Matrix) -> Gradients {
        let (queries, width) = (outputGrad.rowCount, outputGrad.columnCount)
        let size = width / heads.count
        let cached = Matrix(zeros: heads.first?.keys.rowCount ?? 0, width)
        var result = Gradients(queries: Matrix(zeros: queries, width), keys: cached, values: cached)
        for (index, head) in heads.enumerated() {
            let start = index * size
            let grads = head.gradients(outputGrad: outputGrad.columns(start..<start + size))
            result.queries.setColumns(from: start, to: grads.queries)
            result.keys.setColumns(from: start, to: grads.keys)
            result.values.setColumns(from: start, to: grads.values)
            result.scores.append(grads.scores)
            result.weights.append(grads.weights)
        }
        return result
    }
}

extension MatrixAttention {
    /// One head: queries `q`, keys `k`, values `v`, each `[positions][head_dim]`.
    struct Head {
        let queries: Matrix
        let keys: Matrix
        let values: Matrix
        /// `[queries][positions]`: minus infinity where a position cannot be seen.
        let scores: Matrix
        /// The softmax of the scores: 0 where a position cannot be seen.
        let weights: Matrix

        init(_ queries: Matrix, _ keys: Matrix, _ values: Matrix) {
            self.queries = queries
            self.keys = keys
            self.values = values
            let root = Double(keys.columnCount).squareRoot()
            var scores = queries.times(keys.transposed()).map { $0 / root }
            let earlier = keys.rowCount - queries.rowCount
            for row in 0..<scores.rowCount {
                for column in 0..<scores.columnCount where column > row + earlier {
                    scores[row, column] = -.infinity
                }
            }
            self.scores = scores
            weights = softmax(scores)
        }

        /// From `y[p] = sum_t a[p][t] v[t]` and `s[p][t] = q[p] . k[t] / sqrt(d)`, `a` being the
        /// softmax of `s`:
        ///
        /// - `dL/da[p][t] = dL/dy[p] . v[t]` and `dL/dv[t] = sum_p a[p][t] dL/dy[p]`
        /// - `dL/ds` follows by the softmax; it is 0 where `a` is, so what is hidden stays so
        /// - `dL/dq[p] = sum_t dL/ds[p][t] k[t] / sqrt(d)`, and likewise `dL/dk[t]` with `q[p]`
        func gradients(outputGrad: Matrix) -> Gradients {
            let weightsGrad = outputGrad.times(values.transposed())
            let scoresGrad = softmaxGradient(output: weights, weightsGrad)
            let root = Double(keys.columnCount).squareRoot()
            let productsGrad = scoresGrad.map { $0 / root }
            return Gradients(
                queries: productsGrad.times(keys),
                keys: productsGrad.transposedTimes(queries),
                values: weights.transposedTimes(outputGrad),
                scores: scoresGrad,
                weights: weightsGrad
            )
        }

        struct Gradients {
            let queries: Matrix
            let keys: Matrix
            let values: Matrix
            let scores: Matrix
            let weights: Matrix
        }
    }
}
