/// A model ready to be used: its design, and weights of its shapes.
package struct Model {
    package let design: Design
    let weights: Weights<Matrix>

    /// Throws if a weight is missing or of another shape than the design asks for.
    package init(design: Design, weights tensors: Tensors) throws(ModelError) {
        guard let wte = tensors["wte"] else { throw .missing("wte") }
        for shape in design.weightShapes(vocabularySize: wte.rowCount) {
            guard let matrix = tensors[shape.name] else { throw .missing(shape.name) }
            guard matrix.rowCount == shape.rows, matrix.columnCount == shape.columns else {
                throw .misshapen(shape.name)
            }
        }
        self.design = design
        weights = try Weights(of: design) { name throws(ModelError) in
            guard let matrix = tensors[name] else { throw .missing(name) }
            return matrix
        }
    }

    package var parts: Parts { design.parts }

    package var sizes: Sizes { design.sizes }

    package var vocabularySize: Int { weights.wte.rowCount }

    /// The token that begins a document.
    package var bos: Int { parts.specialTokens.bos(vocabularySize: vocabularySize) }

    /// The token that ends a document.
    package var eos: Int { parts.specialTokens.eos(vocabularySize: vocabularySize) }
}

/// What can be wrong with a model's weights.
package enum ModelError: Error, CustomStringConvertible {
    case missing(String)
    case misshapen(String)

    package var description: String {
        switch self {
        case .missing(let name): "there is no weight \(name)"
        case .misshapen(let name): "the weight \(name) does not have the shape that it should"
        }
    }
}
