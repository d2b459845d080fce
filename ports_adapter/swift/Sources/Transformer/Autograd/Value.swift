import Foundation

/// A number that knows how it was computed: a node of a graph.
///
/// A node has at most two children, in operand order, and for each the slope: the derivative of
/// this node by that child. Plain numbers in an expression are no nodes; nothing asks for their
/// gradients.
final class Value {
    let data: Double
    /// The derivative of the root of the last `backward` by this node.
    var grad = 0.0
    private(set) var left: Value?
    private(set) var right: Value?
    let leftSlope: Double
    let rightSlope: Double

    init(
        _ data: Double,
        _ left: Value? = nil, slope leftSlope: Double = 0,
        _ right: Value? = nil, slope rightSlope: Double = 0
    ) {
        self.data = data
        self.left = left
        self.leftSlope = leftSlope
        self.right = right
        self.rightSlope = rightSlope
    }

    /// Freeing a node frees its children, and they theirs: left to itself, that recursion would
    /// overflow the stack in a deep graph. So what only this node holds is taken apart in a loop.
    deinit {
        if isLeaf { return }
        var orphans: [Value] = []
        releaseChildren(into: &orphans)
        while let orphan = orphans.popLast() {
            orphan.releaseChildren(into: &orphans)
        }
    }

    var isLeaf: Bool { left == nil && right == nil }

    /// Lets go of both children; one that nobody else holds goes to the orphans.
    private func releaseChildren(into orphans: inout [Value]) {
        // Copied out first: if `left` itself went to a call as `inout`, the runtime would watch
        // over the access, which took a tenth of a training step.
        var child = left
        left = nil
        if isKnownUniquelyReferenced(&child), let child { orphans.append(child) }
        child = right
        right = nil
        if isKnownUniquelyReferenced(&child), let child { orphans.append(child) }
    }
}

extension Value {
    static func + (a: Value, b: Value) -> Value {
        Value(a.data + b.data, a, slope: 1, b, slope: 1)
    }

    static func + (a: Value, b: Double) -> Value {
        Value(a.data + b, a, slope: 1)
    }

    static func * (a: Value, b: Value) -> Value {
        Value(a.data * b.data, a, slope: b.data, b, slope: a.data)
    }

    static func * (a: Value, b: Double) -> Value {
        Value(a.data * b, a, slope: b)
    }

    /// To a constant power.
    func power(_ exponent: Double) -> Value {
        Value(raised(data, to: exponent), self, slope: exponent * raised(data, to: exponent - 1))
    }

    func exp() -> Value {
        let data = Foundation.exp(data)
        return Value(data, self, slope: data)
    }

    func log() -> Value {
        Value(Foundation.log(data), self, slope: 1 / data)
    }

    func relu() -> Value {
        data > 0 ? Value(data, self, slope: 1) : Value(0, self, slope: 0)
    }
}

/// What the program makes of other operations; the last bits depend on which.
extension Value {
    static prefix func - (a: Value) -> Value { a * -1 }

    static func - (a: Value, b: Value) -> Value { a + -b }

    static func - (a: Value, b: Double) -> Value { a + -b }

    static func / (a: Value, b: Value) -> Value { a * b.power(-1) }

    static func / (a: Value, b: Double) -> Value { a * raised(b, to: -1) }
}
