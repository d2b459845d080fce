/// A matrix of numbers in one contiguous array, row after row.
package struct Matrix: Equatable, Sendable {
    package let rowCount: Int
    package let columnCount: Int
    package private(set) var values: [Double]

    /// `values` holds `rowCount * columnCount` numbers.
    package init(rowCount: Int, columnCount: Int, values: [Double]) {
        precondition(values.count == rowCount * columnCount, "a matrix needs a number a place")
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.values = values
    }

    package init(zeros rowCount: Int, _ columnCount: Int) {
        let values = [Double](repeating: 0, count: rowCount * columnCount)
        self.init(rowCount: rowCount, columnCount: columnCount, values: values)
    }

    /// All rows have the same length.
    package init(rows: [[Double]]) {
        let columnCount = rows.first?.count ?? 0
        self.init(rowCount: rows.count, columnCount: columnCount, values: rows.flatMap { $0 })
    }

    /// A vector as a matrix of one row.
    init(row: [Double]) {
        self.init(rowCount: 1, columnCount: row.count, values: row)
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * columnCount + column] }
        set { values[row * columnCount + column] = newValue }
    }

    package func row(_ index: Int) -> ArraySlice<Double> {
        values[index * columnCount..<(index + 1) * columnCount]
    }

    package var rows: [ArraySlice<Double>] {
        (0..<rowCount).map(row)
    }

    /// The same shape with every number changed.
    func map(_ transform: (Double) -> Double) -> Matrix {
        Matrix(rowCount: rowCount, columnCount: columnCount, values: values.map(transform))
    }

    /// The matrix whose numbers come of two matrices of one shape.
    func combined(with other: Matrix, _ combine: (Double, Double) -> Double) -> Matrix {
        let values = zip(values, other.values).map(combine)
        return Matrix(rowCount: rowCount, columnCount: columnCount, values: values)
    }

    /// `self[row] += factor * other[otherRow]`: the one loop in which products spend their time.
    ///
    /// Pointers, because the bounds checks of arrays would keep it from being vectorised.
    mutating func addToRow(_ row: Int, _ factor: Double, times other: Matrix, row otherRow: Int) {
        precondition(row < rowCount && otherRow < other.rowCount, "no such row")
        precondition(columnCount == other.columnCount, "rows differ in length")
        let (start, otherStart, count) = (row * columnCount, otherRow * columnCount, columnCount)
        values.withUnsafeMutableBufferPointer { target in
            other.values.withUnsafeBufferPointer { source in
                for column in 0..<count {
                    target[start + column] += factor * source[otherStart + column]
                }
            }
        }
    }
}

/// Matrices by their `state_dict` names.
package typealias Tensors = [String: Matrix]
