/// The methods of the protocol, by their names there.
enum Method: String, CaseIterable {
    case initialize
    case tokenize
    case evaluate
    case linear
    case softmax
    case rmsnorm
    case attention
    case mlp
    case crossEntropy = "cross_entropy"
    case forward
    case backward
    case adam
    case train
    case random
    case sample
    case replicate
    case shutdown
}
