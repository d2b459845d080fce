import Transformer

/// JSON-RPC 2.0, one message a line.
package struct Server {
    private let methods: Methods
    /// Takes a line, without its end.
    private let send: ([UInt8]) throws -> Void

    package init(engine: any Engine, send: @escaping ([UInt8]) throws -> Void) {
        methods = Methods(engine: engine)
        self.send = send
    }

    /// Answers requests until `shutdown` or the end of the lines. Throws only what `send` throws.
    package func serve(_ lines: some Sequence<String>) throws {
        for line in lines {
            if try answer(line) == .shutdown { return }
        }
    }

    /// Answers a line, and tells which method it asked for.
    private func answer(_ line: String) throws -> Method? {
        let request: Request
        do throws(RPCError) {
            request = try Request(parsing: Array(line.utf8))
        } catch {
            try send(["id": .null, "error": description(of: error)])
            return nil
        }
        // Without an id it is a notification, which JSON-RPC forbids to answer.
        guard let id = request.id else { return nil }
        try send(outcome(of: request, id))
        return Method(rawValue: request.method)
    }

    /// An answer with a result or an error.
    private func outcome(of request: Request, _ id: JSON) throws -> [String: JSON] {
        do {
            guard let method = Method(rawValue: request.method) else {
                throw RPCError.methodNotFound(request.method)
            }
            let params = try Fields(request.params, at: "params")
            return ["id": id, "result": try methods.answer(method, params) { try notify($0, id) }]
        } catch let error as Undeliverable {
            throw error.cause
        } catch {
            let error = error as? RPCError ?? .failure("\(error)")
            return ["id": id, "error": description(of: error)]
        }
    }

    private func notify(_ step: [String: JSON], _ id: JSON) throws {
        let params = step.merging(["id": id]) { _, id in id }
        do {
            try send(["method": "step", "params": .object(params)])
        } catch {
            throw Undeliverable(cause: error)
        }
    }

    private func send(_ message: [String: JSON]) throws {
        try send(JSON.object(message.merging(["jsonrpc": "2.0"]) { _, version in version }).encoded)
    }

    private func description(of error: RPCError) -> JSON {
        ["code": .integer(error.code), "message": .string(error.description)]
    }

    /// Nobody listens any more. That is no failure of the method in which it is noticed.
    private struct Undeliverable: Error {
        let cause: any Error
    }
}

/// A request, or without an id a notification.
private struct Request {
    let id: JSON?
    let method: String
    let params: JSON

    init(parsing line: [UInt8]) throws(RPCError) {
        let message: JSON
        do {
            message = try JSON(parsing: line)
        } catch {
            throw .parse(error.description)
        }
        guard case .string(let method)? = message["method"] else {
            throw .invalidRequest("a request must be an object with a method")
        }
        id = message["id"]
        self.method = method
        params = message["params"] ?? [:]
    }
}
