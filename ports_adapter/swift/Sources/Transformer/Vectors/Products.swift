// Products of matrices. Sums run along contiguous rows of the result, which the processor takes
// several numbers at a time, and each single sum still runs from left to right.

extension Matrix {
    /// `self * other`: `[n][k]` times `[k][m]`.
    func times(_ other: Matrix) -> Matrix {
        precondition(columnCount == other.rowCount, "inner dimensions differ")
        var product = Matrix(zeros: rowCount, other.columnCount)
        for row in 0..<rowCount {
            for inner in 0..<columnCount {
                product.addToRow(row, self[row, inner], times: other, row: inner)
            }
        }
        return product
    }

    /// `transpose(self) * other`: `[k][n]` and `[k][m]` give `[n][m]`.
    func transposedTimes(_ other: Matrix) -> Matrix {
        precondition(rowCount == other.rowCount, "inner dimensions differ")
        var product = Matrix(zeros: columnCount, other.columnCount)
        for inner in 0..<rowCount {
            for row in 0..<columnCount {
                product.addToRow(row, self[inner, row], times: other, row: inner)
            }
        }
        return product
    }

    func transposed() -> Matrix {
        var result = Matrix(zeros: columnCount, rowCount)
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                result[column, row] = self[row, column]
            }
        }
        return result
    }

    static func + (a: Matrix, b: Matrix) -> Matrix {
        a.combined(with: b, +)
    }

    /// The columns of a range, as a matrix of their own.
    func columns(_ range: Range<Int>) -> Matrix {
        var result = Matrix(zeros: rowCount, range.count)
        for row in 0..<rowCount {
            for (place, column) in range.enumerated() {
                result[row, place] = self[row, column]
            }
        }
        return result
    }

    /// Puts a matrix in the place of the columns from `start` on.
    mutating func setColumns(from start: Int, to other: Matrix) {
        for row in 0..<rowCount {
            for column in 0..<other.columnCount {
                self[row, start + column] = other[row, column]
            }
        }
    }
}
