import Transformer

// Scalar expressions, as lists of nodes.

extension Fields {
    /// An expression of at least one node, each with arguments before it.
    func expression(_ name: String) throws(RPCError) -> ScalarExpression {
        var operations: [ScalarExpression.Operation] = []
        for (index, node) in try objects(name).enumerated() {
            operations.append(try node.operation(after: index))
        }
        if operations.isEmpty { throw wrong(name, "must hold a node") }
        return ScalarExpression(operations)
    }

    private enum Operator: String, CaseIterable {
        case leaf, neg, pow, exp, log, relu, add, sub, mul, div
    }

    /// The operation of this node, which `count` others precede.
    private func operation(after count: Int) throws(RPCError) -> ScalarExpression.Operation {
        switch try choice("op", among: Operator.self) {
        case .leaf: .leaf(try number("value"))
        case .neg: .negate(try argument(below: count))
        case .pow: .power(try argument(below: count), try number("exponent"))
        case .exp: .exp(try argument(below: count))
        case .log: .log(try argument(below: count))
        case .relu: .relu(try argument(below: count))
        case .add: try binary(ScalarExpression.Operation.add, below: count)
        case .sub: try binary(ScalarExpression.Operation.subtract, below: count)
        case .mul: try binary(ScalarExpression.Operation.multiply, below: count)
        case .div: try binary(ScalarExpression.Operation.divide, below: count)
        }
    }

    private func argument(below bound: Int) throws(RPCError) -> Int {
        try arguments(1, below: bound)[0]
    }

    private func binary(
        _ operation: (Int, Int) -> ScalarExpression.Operation, below bound: Int
    ) throws(RPCError) -> ScalarExpression.Operation {
        let arguments = try arguments(2, below: bound)
        return operation(arguments[0], arguments[1])
    }

    private func arguments(_ count: Int, below bound: Int) throws(RPCError) -> [Int] {
        let arguments = try indices("args", below: bound)
        guard arguments.count == count else {
            throw wrong("args", "must have \(count) entries, not \(arguments.count)")
        }
        return arguments
    }
}
