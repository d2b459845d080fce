extension JSON {
    /// The value in UTF-8, on one line, with the fields of objects sorted by name.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append("null")
        case .bool(let flag): bytes.append(flag ? "true" : "false")
        case .integer(let integer): bytes.append(integer.description)
        case .number(let number): Self.write(number, to: &bytes)
        case .string(let string): Self.write(string, to: &bytes)
        case .array(let items):
            bytes.append("[")
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(",") }
                item.write(to: &bytes)
            }
            bytes.append("]")
        case .object(let fields):
            bytes.append("{")
            for (index, name) in fields.keys.sorted().enumerated() {
                if index > 0 { bytes.append(",") }
                Self.write(name, to: &bytes)
                bytes.append(":")
                fields[name]?.write(to: &bytes)
            }
            bytes.append("}")
        }
    }

    /// In the fewest digits that read back as the same number, which is how Swift describes it.
    /// What JSON has no numbers for goes as a string.
    private static func write(_ number: Double, to bytes: inout [UInt8]) {
        if number.isFinite {
            bytes.append(number.description)
        } else {
            bytes.append(number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\"")
        }
    }

    private static func write(_ string: String, to bytes: inout [UInt8]) {
        bytes.append("\"")
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append("\\\"")
            case UInt8(ascii: "\\"): bytes.append("\\\\")
            case ..<0x20: bytes.append(byte < 0x10 ? "\\u000" : "\\u00", String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append("\"")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ texts: String...) {
        for text in texts { append(contentsOf: text.utf8) }
    }
}
