// A small microgpt whose training the Swift recorder writes down. Every number is an object that
// knows the ones that it was computed from.
// With the argument `wrong` every head uses the queries of the first one.

import Foundation

let embed = 8, headCount = 2, headSize = embed / headCount, blockSize = 8
let vocabSize = 27, bos = 26
let names = ["anna", "bo", "christopher", "dora"]

final class Value {
    var data: Double
    var grad = 0.0
    var isVisited = false
    let parents: [(Value, Double)]

    init(_ data: Double, _ parents: [(Value, Double)] = []) {
        (self.data, self.parents) = (data, parents)
    }

    static func + (a: Value, b: Value) -> Value { Value(a.data + b.data, [(a, 1), (b, 1)]) }
    static func * (a: Value, b: Value) -> Value {
        Value(a.data * b.data, [(a, b.data), (b, a.data)])
    }
    static func + (a: Value, b: Double) -> Value { Value(a.data + b, [(a, 1)]) }
    static func * (a: Value, b: Double) -> Value { Value(a.data * b, [(a, b)]) }
    static prefix func - (a: Value) -> Value { a * -1 }
    func power(_ p: Double) -> Value { Value(pow(data, p), [(self, p * pow(data, p - 1))]) }
    var exponential: Value { Value(exp(data), [(self, exp(data))]) }
    var logarithm: Value { Value(log(data), [(self, 1 / data)]) }
    var rectified: Value { Value(max(data, 0), [(self, data > 0 ? 1 : 0)]) }

    func backward() {
        grad = 1
        for node in sorted().reversed() {
            for (parent, derivative) in node.parents { parent.grad += derivative * node.grad }
        }
    }

    /// This node after all that it was computed from.
    private func sorted() -> [Value] {
        var order: [Value] = []
        func visit(_ node: Value) {
            if node.isVisited { return }
            node.isVisited = true
            for (parent, _) in node.parents { visit(parent) }
            order.append(node)
        }
        visit(self)
        return order
    }
}

typealias Vector = [Value]
typealias Matrix = [Vector]

func sum(_ terms: Vector) -> Value { terms.dropFirst().reduce(terms[0], +) }
func dot(_ a: some Sequence<Value>, _ b: some Sequence<Value>) -> Value { sum(zip(a, b).map(*)) }
func add(_ a: Vector, _ b: Vector) -> Vector { zip(a, b).map(+) }
func linear(_ w: Matrix, _ x: Vector) -> Vector { w.map { dot($0, x) } }

func softmax(_ logits: Vector) -> Vector {
    let highest = logits.map(\.data).max()!
    let exps = logits.map { ($0 + -highest).exponential }
    let inverse = sum(exps).power(-1)
    return exps.map { $0 * inverse }
}

func rmsnorm(_ x: Vector) -> Vector {
    let scale = (dot(x, x) * (1 / Double(x.count)) + 1e-5).power(-0.5)
    return x.map { $0 * scale }
}

struct Model {
    let wte = Self.matrix(vocabSize, embed), wpe = Self.matrix(blockSize, embed)
    let lmHead = Self.matrix(vocabSize, embed)
    let wq = Self.matrix(embed, embed), wk = Self.matrix(embed, embed)
    let wv = Self.matrix(embed, embed), wo = Self.matrix(embed, embed)
    let fc1 = Self.matrix(4 * embed, embed), fc2 = Self.matrix(embed, 4 * embed)
    let isWrong: Bool

    var parameters: Vector {
        [wte, wpe, lmHead, wq, wk, wv, wo, fc1, fc2].flatMap { $0 }.flatMap { $0 }
    }

    static func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        (0..<rows).map { _ in (0..<columns).map { _ in Value(0.08 * gaussian()) } }
    }

    static func gaussian() -> Double {
        let (u, angle) = (Double.random(in: 1e-9...1), 2 * Double.pi * Double.random(in: 0..<1))
        return (-2 * log(u)).squareRoot() * cos(angle)
    }

    func loss(_ tokens: [Int]) -> Value {
        var keys: Matrix = [], values: Matrix = [], losses: Vector = []
        for position in 0..<min(blockSize, tokens.count - 1) {
            let (token, target) = (tokens[position], tokens[position + 1])
            var x = rmsnorm(add(wte[token], wpe[position]))
            let normed = rmsnorm(x)
            let query = linear(wq, normed)
            keys.append(linear(wk, normed))
            values.append(linear(wv, normed))
            let heads = stride(from: 0, to: embed, by: headSize).flatMap { head in
                let part = head..<head + headSize
                let asked = query[isWrong ? 0..<headSize : part]
                let scale = 1 / Double(headSize).squareRoot()
                let weights = softmax(keys.map { dot(asked, $0[part]) * scale })
                return part.map { i in dot(weights, values.map { $0[i] }) }
            }
            x = add(x, linear(wo, heads))
            x = add(x, linear(fc2, linear(fc1, rmsnorm(x)).map(\.rectified)))
            losses.append(-softmax(linear(lmHead, x))[target].logarithm)
        }
        return sum(losses) * (1 / Double(losses.count))
    }
}

@main
struct Program {
    static func main() {
        let model = Model(isWrong: CommandLine.arguments.contains("wrong"))
        let parameters = model.parameters
        var m = parameters.map { _ in 0.0 }
        var v = m
        record([
            "trace": 1, "n_layer": 1, "n_embd": embed, "n_head": headCount, "block_size": blockSize,
            "vocab": vocabSize, "num_steps": names.count, "weights": parameters.map(\.data),
        ])
        for (step, name) in names.enumerated() {
            let tokens = [bos] + name.utf8.map { Int($0) - 97 } + [bos]
            let loss = model.loss(tokens)
            loss.backward()
            print("step \(step + 1) loss \(loss.data)")
            if isRecorded(step) {
                record([
                    "step": step, "tokens": tokens, "loss": loss.data,
                    "grads": parameters.map(\.grad),
                ])
            }
            let rate = 0.01 * (1 - Double(step) / Double(names.count))
            for (i, p) in parameters.enumerated() {
                m[i] = 0.85 * m[i] + 0.15 * p.grad
                v[i] = 0.99 * v[i] + 0.01 * p.grad * p.grad
                let mHat = m[i] / (1 - pow(0.85, Double(step + 1)))
                let vHat = v[i] / (1 - pow(0.99, Double(step + 1)))
                p.data -= rate * mHat / (vHat.squareRoot() + 1e-8)
                (p.grad, p.isVisited) = (0, false)
            }
            if isRecorded(step) {
                record(["step": step, "m": m, "v": v, "weights": parameters.map(\.data)])
            }
        }
    }
}
