import Foundation

/// Draws the tokens of one document, each with one uniform number, until the token of its end
/// comes or the block is full.
///
/// A temperature below 1 prefers likely tokens, one above 1 levels them. `uniform` gives the next
/// number in `[0, 1)`.
package func sample(
    _ model: Model,
    by engine: any Engine,
    temperature: Double,
    uniform: () throws -> Double
) rethrows -> [Int] {
    let read = engine.reader(of: model)
    var tokens: [Int] = []
    var token = model.bos
    while tokens.count < model.sizes.block {
        let probabilities = probabilities(read(token), temperature: temperature)
        token = choose(weights: probabilities, uniform: try uniform())
        if token == model.eos { break }
        tokens.append(token)
    }
    return tokens
}

/// The softmax of logits divided by the temperature.
private func probabilities(_ logits: [Double], temperature: Double) -> [Double] {
    let scaled = logits.map { $0 * raised(temperature, to: -1) }
    let maximum = scaled.max() ?? 0
    let exps = scaled.map { exp($0 - maximum) }
    let total = exps.reduce(0, +)
    return exps.map { $0 * raised(total, to: -1) }
}
