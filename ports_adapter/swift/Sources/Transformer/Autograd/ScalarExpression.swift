/// A scalar expression: a list of operations on earlier ones, the last of which is its value.
package struct ScalarExpression {
    private let operations: [Operation]

    package enum Operation {
        case leaf(Double)
        case negate(Int)
        case power(Int, Double)
        case exp(Int)
        case log(Int)
        case relu(Int)
        case add(Int, Int)
        case subtract(Int, Int)
        case multiply(Int, Int)
        case divide(Int, Int)
    }

    /// There is at least one operation, and their arguments are indices of earlier ones.
    package init(_ operations: [Operation]) {
        precondition(!operations.isEmpty, "an expression has a value")
        self.operations = operations
    }

    /// The value, and its derivatives by the leaves in their order.
    package func evaluate() -> (value: Double, grads: [Double]) {
        var nodes: [Value] = []
        var leaves: [Value] = []
        for operation in operations {
            let node = node(of: operation, nodes)
            nodes.append(node)
            if case .leaf = operation { leaves.append(node) }
        }
        let root = nodes[nodes.count - 1]
        root.backward()
        return (root.data, leaves.map(\.grad))
    }

    private func node(of operation: Operation, _ earlier: [Value]) -> Value {
        switch operation {
        case .leaf(let value): Value(value)
        case .negate(let a): -earlier[a]
        case .power(let a, let exponent): earlier[a].power(exponent)
        case .exp(let a): earlier[a].exp()
        case .log(let a): earlier[a].log()
        case .relu(let a): earlier[a].relu()
        case .add(let a, let b): earlier[a] + earlier[b]
        case .subtract(let a, let b): earlier[a] - earlier[b]
        case .multiply(let a, let b): earlier[a] * earlier[b]
        case .divide(let a, let b): earlier[a] / earlier[b]
        }
    }
}
