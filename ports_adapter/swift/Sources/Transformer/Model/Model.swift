/// A model ready to be used: its shape, and weights of that shape.
package struct Model {
    package let sizes: Sizes
    let weights: Weights<Matrix>

    /// Throws if a weight is missing or of another shape than the sizes ask for.
    package init(sizes: Sizes, weights tensors: Tensors) throws(ModelError) {
        guard let wte = tensors["wte"] else { throw .missing("wte") }
        for shape in sizes.weightShapes(vocabularySize: wte.rowCount) {
            guard let matrix = tensors[shape.name] else { throw .missing(shape.name) }
            guard matrix.rowCount == shape.rows, matrix.columnCount == shape.columns else {
                throw .misshapen(shape.name)
            }
        }
        self.sizes = sizes
        weights = try Weights(layerCount: sizes.layers) { name throws(ModelError) in
            guard let matrix = tensors[name] else { throw .missing(name) }
            return matrix
        }
    }

    package var vocabularySize: Int { weights.wte.rowCount }

    /// The special token that stands at both ends of a document.
    package var bos: Int { vocabularySize - 1 }
}

/// What can be wrong with a model's weights.
package enum ModelError: Error, CustomStringConvertible {
    case missing(String)
    case misshapen(String)

    package var description: String {
        switch self {
        case .missing(let name): "there is no weight \(name)"
        case .misshapen(let name): "the weight \(name) does not have the shape of the sizes"
        }
    }
}
