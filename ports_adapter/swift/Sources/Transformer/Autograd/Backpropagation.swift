extension Value {
    /// Adds to the `grad` of every node below this one the derivative of this one by it.
    func backward() {
        grad = 1
        for node in topologicalOrder().reversed() {
            node.left?.grad += node.leftSlope * node.grad
            node.right?.grad += node.rightSlope * node.grad
        }
    }

    /// The nodes from here down that have children, those after their children, each once: as a
    /// depth-first walk from left to right leaves them. Leaves have nothing to hand on.
    ///
    /// The stack is our own, because a graph may be deeper than the call stack. A node that
    /// several others use is the same node, not an equal one: hence identity.
    private func topologicalOrder() -> [Value] {
        var order: [Value] = []
        var entered: Set<ObjectIdentifier> = []
        var stack: [Visit] = [.enter(self)]
        while let visit = stack.popLast() {
            switch visit {
            case .leave(let node):
                order.append(node)
            case .enter(let node):
                guard entered.insert(ObjectIdentifier(node)).inserted else { continue }
                stack.append(.leave(node))
                if let right = node.right, !right.isLeaf { stack.append(.enter(right)) }
                if let left = node.left, !left.isLeaf { stack.append(.enter(left)) }
            }
        }
        return order
    }

    private enum Visit {
        case enter(Value)
        case leave(Value)
    }
}
