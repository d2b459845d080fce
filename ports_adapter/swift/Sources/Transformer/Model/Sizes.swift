/// The model's shape.
package struct Sizes: Equatable, Sendable {
    package let embedding: Int
    package let heads: Int
    package let layers: Int
    package let block: Int

    /// `heads` divides `embedding`.
    package init(embedding: Int, heads: Int, layers: Int, block: Int) {
        self.embedding = embedding
        self.heads = heads
        self.layers = layers
        self.block = block
    }

    /// How many tokens of a document are read: all that have a successor, within the block.
    package func positions(in tokens: [Int]) -> Int {
        min(block, tokens.count - 1)
    }
}
