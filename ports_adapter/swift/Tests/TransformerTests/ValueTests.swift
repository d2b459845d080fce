import Testing

@testable import Transformer

/// More than any stack has room for, were it walked by recursion.
private let deep = 300_000

struct ValueTests {
    @Test func aNodeKnowsItsDerivatives() {
        let (a, b) = (Value(2), Value(-3))
        let c = a * b + a.power(3)
        c.backward()
        #expect(c.data == 2)
        #expect(a.grad == -3 + 12)
        #expect(b.grad == 2)
    }

    @Test func aSharedNodeCollectsFromAllItsUses() {
        let a = Value(3)
        let square = a * a
        (square * square).backward()
        #expect(square.grad == 18)
        #expect(a.grad == 108)
    }

    @Test func functionsHaveTheirSlopes() {
        let x = Value(0.5)
        (x.exp() - x.log() + 1 / x).backward()
        #expect(abs(x.grad - (0.5.exponential - 2 - 4)) < 1e-12)
    }

    @Test(arguments: [(-1.0, 0.0), (0.0, 0.0), (2.0, 1.0)])
    func reluPassesOnlyWhatIsPositive(x: Double, slope: Double) {
        let x = Value(x)
        x.relu().backward()
        #expect(x.grad == slope)
    }

    @Test func aDeepGraphIsWalkedAndFreed() {
        let x = Value(1)
        var sum = x
        for _ in 0..<deep { sum = sum + x }
        sum.backward()
        #expect(sum.data == Double(deep + 1))
        #expect(x.grad == Double(deep + 1))
    }

    @Test func aDeepGraphOfSquaresIsFreedUnused() {
        // Both children are the same node, so nobody is ever its only owner at first.
        weak var leaf: Value?
        do {
            var product = Value(1)
            leaf = product
            for _ in 0..<deep { product = product * product }
            #expect(product.data == 1)
        }
        #expect(leaf == nil)
    }

    @Test func aPartThatIsStillHeldSurvivesTheRest() {
        let x = Value(2)
        let part = x * 3
        do {
            var whole = part
            for _ in 0..<1000 { whole = whole + 1 }
            #expect(whole.data == 1006)
        }
        part.backward()
        #expect(x.grad == 3)
    }
}

extension Value {
    fileprivate static func / (a: Double, b: Value) -> Value { b.power(-1) * a }
}

extension Double {
    fileprivate var exponential: Double { Value(self).exp().data }
}
