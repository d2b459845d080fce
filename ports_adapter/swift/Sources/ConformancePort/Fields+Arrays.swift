import Transformer

// Vectors, matrices and tokens. Where a length is not given, any but 0 will do.

extension Fields {
    func vector(_ name: String, count: Int? = nil) throws(RPCError) -> [Double] {
        try vector(list(name), name, count: count)
    }

    func matrix(_ name: String, rows: Int? = nil, columns: Int? = nil) throws(RPCError) -> Matrix {
        let items = try list(name)
        try check(items.count, is: rows, of: name, "rows")
        var (values, width): ([Double], Int?) = ([], columns)
        for item in items {
            guard case .array(let row) = item else { throw wrong(name, "must be a list of lists") }
            let numbers = try vector(row, name, count: width)
            width = numbers.count
            values += numbers
        }
        return Matrix(rowCount: items.count, columnCount: width ?? 0, values: values)
    }

    /// Whole numbers from 0 on and below `bound`.
    func indices(_ name: String, below bound: Int) throws(RPCError) -> [Int] {
        try indices(list(name), name, below: bound)
    }

    /// The tokens of one document, at least two.
    func document(_ name: String, vocabularySize: Int) throws(RPCError) -> [Int] {
        try document(list(name), name, vocabularySize)
    }

    /// The tokens of each of at least one document.
    func documents(_ name: String, vocabularySize: Int) throws(RPCError) -> [[Int]] {
        var documents: [[Int]] = []
        for item in try list(name) {
            guard case .array(let tokens) = item else { throw wrong(name, "must hold lists") }
            documents.append(try document(tokens, name, vocabularySize))
        }
        if documents.isEmpty { throw wrong(name, "must hold a document") }
        return documents
    }

    private func document(
        _ items: [JSON], _ name: String, _ vocabularySize: Int
    ) throws(RPCError) -> [Int] {
        guard items.count >= 2 else { throw wrong(name, "must have two tokens or more") }
        return try indices(items, name, below: vocabularySize)
    }

    private func indices(
        _ items: [JSON], _ name: String, below bound: Int
    ) throws(RPCError) -> [Int] {
        var indices: [Int] = []
        for item in items {
            guard case .integer(let index) = item, (0..<bound).contains(index) else {
                throw wrong(name, "must hold whole numbers from 0 on and below \(bound)")
            }
            indices.append(index)
        }
        return indices
    }

    private func vector(_ items: [JSON], _ name: String, count: Int?) throws(RPCError) -> [Double] {
        try check(items.count, is: count, of: name, "numbers")
        var numbers: [Double] = []
        numbers.reserveCapacity(items.count)
        for item in items {
            guard let number = item.finiteNumber else {
                throw wrong(name, "must hold finite numbers only")
            }
            numbers.append(number)
        }
        return numbers
    }

    private func check(
        _ count: Int, is wanted: Int?, of name: String, _ what: String
    ) throws(RPCError) {
        guard count == wanted ?? max(count, 1) else {
            let expected = wanted.map(String.init) ?? "1 or more"
            throw wrong(name, "must have \(expected) \(what), not \(count)")
        }
    }
}
