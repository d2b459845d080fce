extension JSON {
    /// The value that a text in UTF-8 holds, and nothing after it.
    ///
    /// For the weights of a model, Foundation's decoder takes about three times as long.
    package init(parsing text: [UInt8]) throws(JSONError) {
        var parser = JSONParser(text: text)
        self = try parser.document()
    }
}

/// Why a text is no JSON, and at which byte.
package struct JSONError: Error, CustomStringConvertible {
    let problem: String
    let offset: Int

    package var description: String { "\(problem) at byte \(offset)" }
}

/// A parser by recursive descent (RFC 8259).
struct JSONParser {
    /// As deep as values may be nested; deeper ones could overflow the stack.
    private static let maximumDepth = 256

    let text: [UInt8]
    var offset = 0
    private var depth = 0

    init(text: [UInt8]) {
        self.text = text
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        guard offset == text.count else { throw failure("something follows the value") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard depth < Self.maximumDepth else { throw failure("nested too deep") }
        depth += 1
        defer { depth -= 1 }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try expect("{")
        var fields: [String: JSON] = [:]
        if take("}") { return .object(fields) }
        repeat {
            skipSpace()
            let name = try string()
            try expect(":")
            fields[name] = try value()
        } while take(",")
        try expect("}")
        return .object(fields)
    }

    private mutating func array() throws(JSONError) -> JSON {
        try expect("[")
        var items: [JSON] = []
        if take("]") { return .array(items) }
        repeat { items.append(try value()) } while take(",")
        try expect("]")
        return .array(items)
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for byte in word.description.utf8 {
            guard peek == byte else { throw failure("expected \(word)") }
            offset += 1
        }
        return value
    }

    /// The byte that comes next; nil at the end.
    var peek: UInt8? {
        offset < text.count ? text[offset] : nil
    }

    /// Skips white space and one such character, if it comes next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
        guard take(character) else { throw failure("expected \(character)") }
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
            offset += 1
        }
    }

    func failure(_ problem: String) -> JSONError {
        JSONError(problem: problem, offset: offset)
    }
}
