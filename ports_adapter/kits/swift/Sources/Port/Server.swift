// JSON-RPC 2.0, one message a line: reads a request, calls its method, writes the answer.

import Foundation

/// A method as the server sees it: a request's line in, the answer's line out.
typealias Method = (_ line: Data) throws -> Data

/// What is wrong with a request, with JSON-RPC's number for it.
struct RPCError: Error, Encodable {
    let code: Int
    let message: String

    static let parseError = -32700
    static let invalidRequest = -32600
    static let methodNotFound = -32601
    static let invalidParams = -32602
    static let internalError = -32603

    init(_ code: Int, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Answers line after line, until `shutdown` or the end of input. No request is fatal.
func serve(_ methods: [String: Method]) {
    while let line = readLine() {
        let data = Data(line.utf8)
        var header: Header?
        do {
            let request = try readHeader(data)
            header = request
            guard let method = methods[request.method] else {
                throw RPCError(RPCError.methodNotFound, "there is no method \(request.method)")
            }
            let answer = try method(data)
            // What has no id, or null, is a notification, and not answered.
            if request.id != nil { write(answer) }
        } catch {
            if header == nil || header?.id != nil { write(failure(error, id: header?.id)) }
        }
        if header?.method == "shutdown" { return }
    }
}

/// Makes a method of a function, whose types say what its params and its result look like.
///
/// Names are in camel case here and in snake case in JSON: `vocabSize` is `vocab_size`.
func method<Params: Decodable, Result: Encodable>(
    _ function: @escaping (Params) throws -> Result
) -> Method {
    { line in
        let request: Request<Params>
        do {
            request = try decoder.decode(Request<Params>.self, from: line)
        } catch let error as DecodingError {
            throw RPCError(RPCError.invalidParams, explanation(error))
        }
        // No params at all are as good as empty ones, where empty ones will do.
        guard let params = request.params ?? NoParams() as? Params else {
            throw RPCError(RPCError.invalidParams, "params are missing")
        }
        return try encoder.encode(Success(id: request.id, result: function(params)))
    }
}

/// The params of a method that takes none.
struct NoParams: Decodable {}

/// The result of a method that gives none.
struct NoResult: Encodable {}

// MARK: - Messages

/// What all requests have. `params` are decoded later, when the method has told their type.
private struct Header: Decodable {
    let id: RequestID?
    let method: String
}

private struct Request<Params: Decodable>: Decodable {
    let id: RequestID?
    let params: Params?
}

private struct Success<Result: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let id: RequestID?
    let result: Result
}

private struct Failure: Encodable {
    let jsonrpc = "2.0"
    let id: RequestID
    let error: RPCError
}

/// A request's id: whatever it is, the answer has the same.
private enum RequestID: Codable {
    case number(Int)
    case text(String)
    case null

    init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .null: try container.encodeNil()
        }
    }
}

// MARK: - JSON

/// JSON has no NaN and no infinities: the protocol writes them as strings.
private let (nan, infinity, negativeInfinity) = ("NaN", "Infinity", "-Infinity")

private let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    return decoder
}()

private let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: nan)
    return encoder
}()

private func readHeader(_ line: Data) throws -> Header {
    do {
        return try decoder.decode(Header.self, from: line)
    } catch DecodingError.dataCorrupted(let context) {
        throw RPCError(RPCError.parseError, context.debugDescription)
    } catch let error as DecodingError {
        throw RPCError(RPCError.invalidRequest, explanation(error))
    }
}

private func failure(_ error: Error, id: RequestID?) -> Data {
    let error = error as? RPCError ?? RPCError(RPCError.internalError, "\(error)")
    // An error is nothing but a number and two strings, which can always be encoded.
    return try! encoder.encode(Failure(id: id ?? .null, error: error))
}

/// What a decoder missed, and where.
private func explanation(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _):
        return "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        let place = context.codingPath.map(\.stringValue).joined(separator: "/")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    @unknown default:
        return "\(error)"
    }
}

/// Writes a line at once: standard output's file handle has no buffer that must be flushed.
private func write(_ message: Data) {
    FileHandle.standardOutput.write(message + Data("\n".utf8))
}
