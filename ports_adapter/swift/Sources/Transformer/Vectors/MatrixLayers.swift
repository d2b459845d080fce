import Foundation

// The layers on all positions at once, a row a position, each followed by its gradient, derived
// by hand. For a layer `y = f(x)`, `outputGrad` is `dL/dy` and the result `dL/dx`.

/// A matrix times a vector at every position: `x` is `[positions][nin]`, `w` is `[nout][nin]`.
func linear(_ x: Matrix, _ w: Matrix) -> Matrix {
    x.times(w.transposed())
}

/// `dL/dx[p][i] = sum_o dL/dy[p][o] w[o][i]` and `dL/dw[o][i] = sum_p dL/dy[p][o] x[p][i]`.
func linearGradients(_ x: Matrix, _ w: Matrix, _ outputGrad: Matrix) -> (x: Matrix, w: Matrix) {
    (outputGrad.times(w), outputGrad.transposedTimes(x))
}

/// `exp(x_i) / sum_j exp(x_j)` in every row.
///
/// Subtracting the maximum changes nothing in the quotient and keeps `exp` in range.
func softmax(_ x: Matrix) -> Matrix {
    var result = x
    for row in 0..<x.rowCount {
        let maximum = x.row(row).max() ?? 0
        var total = 0.0
        for column in 0..<x.columnCount {
            let exponential = exp(x[row, column] - maximum)
            result[row, column] = exponential
            total += exponential
        }
        for column in 0..<x.columnCount { result[row, column] /= total }
    }
    return result
}

/// From the softmax's own output `y`: `dy_i/dx_j = y_i ((i == j) - y_j)`, hence
/// `dL/dx_j = y_j (dL/dy_j - sum_i y_i dL/dy_i)`.
func softmaxGradient(output: Matrix, _ outputGrad: Matrix) -> Matrix {
    var result = output
    for row in 0..<output.rowCount {
        let mean = dot(output.row(row), outputGrad.row(row))
        for column in 0..<output.columnCount {
            result[row, column] *= outputGrad[row, column] - mean
        }
    }
    return result
}

/// `x * s` with `s = 1 / sqrt(mean(x * x) + 1e-5)` in every row.
func rmsnorm(_ x: Matrix) -> Matrix {
    var result = x
    for row in 0..<x.rowCount {
        let scale = rmsScale(x.row(row))
        for column in 0..<x.columnCount { result[row, column] *= scale }
    }
    return result
}

/// The scale `s` depends on every element, `ds/dx_j = -s^3 x_j / n`, hence
/// `dL/dx_j = s (dL/dy_j - s^2 x_j mean_i(x_i dL/dy_i))`.
func rmsnormGradient(_ x: Matrix, _ outputGrad: Matrix) -> Matrix {
    var result = outputGrad
    for row in 0..<x.rowCount {
        let scale = rmsScale(x.row(row))
        let mean = dot(x.row(row), outputGrad.row(row)) / Double(x.columnCount)
        for column in 0..<x.columnCount {
            let share = scale * scale * x[row, column] * mean
            result[row, column] = scale * (outputGrad[row, column] - share)
        }
    }
    return result
}

private func rmsScale(_ row: ArraySlice<Double>) -> Double {
    1 / (dot(row, row) / Double(row.count) + 1e-5).squareRoot()
}

/// `-log(softmax(logits)[target])` at every position, in nats: written out, that is
/// `log(sum_j exp(x_j - max)) - (x_target - max)`, finite even where the probability underflows.
func crossEntropy(_ logits: Matrix, targets: some Sequence<Int>) -> [Double] {
    zip(logits.rows, targets).map { row, target in
        let maximum = row.max() ?? 0
        let total = row.reduce(0) { $0 + exp($1 - maximum) }
        return log(total) - (row[row.startIndex + target] - maximum)
    }
}

/// Of every position's loss: `softmax(logits) - (j == target)`.
func crossEntropyGradient(_ logits: Matrix, targets: some Sequence<Int>) -> Matrix {
    var result = softmax(logits)
    for (row, target) in zip(0..<logits.rowCount, targets) { result[row, target] -= 1 }
    return result
}

private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}
