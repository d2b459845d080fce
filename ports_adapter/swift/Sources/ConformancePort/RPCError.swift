/// What can go wrong with a request, as JSON-RPC distinguishes it.
package enum RPCError: Error, CustomStringConvertible {
    case parse(String)
    case invalidRequest(String)
    case methodNotFound(String)
    case invalidParams(String)
    case failure(String)

    package var code: Int {
        switch self {
        case .parse: -32700
        case .invalidRequest: -32600
        case .methodNotFound: -32601
        case .invalidParams: -32602
        case .failure: -32603
        }
    }

    package var description: String {
        switch self {
        case .parse(let problem): "not a line of JSON: \(problem)"
        case .invalidRequest(let problem): problem
        case .methodNotFound(let name): "there is no method \(name)"
        case .invalidParams(let problem): problem
        case .failure(let problem): problem
        }
    }
}
