// Numbers and strings.

extension JSONParser {
    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    mutating func number() throws(JSONError) -> JSON {
        let start = offset
        if peek == UInt8(ascii: "-") { offset += 1 }
        if peek == UInt8(ascii: "0") { offset += 1 } else { try digits("expected a value") }
        let wholeEnd = offset
        if peek == UInt8(ascii: ".") {
            offset += 1
            try digits("expected a digit")
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
            try digits("expected a digit")
        }
        let literal = String(decoding: text[start..<offset], as: UTF8.self)
        // -0 is a number of its own among the floating ones, and so is what no Int can hold.
        if offset == wholeEnd, literal != "-0", let integer = Int(literal) {
            return .integer(integer)
        }
        guard let number = Double(literal) else { throw failure("expected a number") }
        return .number(number)
    }

    private mutating func digits(_ problem: String) throws(JSONError) {
        let start = offset
        while let byte = peek, isDigit(byte) { offset += 1 }
        guard offset > start else { throw failure(problem) }
    }

    mutating func string() throws(JSONError) -> String {
        guard peek == UInt8(ascii: "\"") else { throw failure("expected a string") }
        offset += 1
        var bytes: [UInt8] = []
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: try escape().utf8)
            case ..<0x20: throw failure("a control character in a string")
            default: bytes.append(byte)
            }
        }
        throw failure("a string without end")
    }

    /// What a backslash and the characters after it stand for.
    private mutating func escape() throws(JSONError) -> String {
        guard let byte = peek else { throw failure("a string without end") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("an unknown escape")
        }
    }

    /// Four hexadecimal digits, or a surrogate pair of two escapes.
    private mutating func unicodeEscape() throws(JSONError) -> String {
        let unit = try codeUnit()
        guard UTF16.isSurrogate(unit) else { return String(decoding: [unit], as: UTF16.self) }
        for byte in "\\u".utf8 {
            guard peek == byte else { throw failure("half a surrogate pair") }
            offset += 1
        }
        let trail = try codeUnit()
        guard UTF16.isLeadSurrogate(unit), UTF16.isTrailSurrogate(trail) else {
            throw failure("half a surrogate pair")
        }
        return String(decoding: [unit, trail], as: UTF16.self)
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            offset += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
