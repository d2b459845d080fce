import Transformer

/// An object whose fields are read by name, and refused with their place when they are wrong.
/// Fields that nobody reads are ignored.
package struct Fields {
    private let fields: [String: JSON]
    /// Where in the request it stands.
    private let place: String

    init(_ value: JSON, at place: String) throws(RPCError) {
        guard case .object(let fields) = value else {
            throw .invalidParams("\(place) must be an object")
        }
        self.fields = fields
        self.place = place
    }

    var names: [String] { fields.keys.sorted() }

    func wrong(_ name: String, _ problem: String) -> RPCError {
        .invalidParams("\(place).\(name) \(problem)")
    }

    func object(_ name: String) throws(RPCError) -> Fields {
        try Fields(value(name), at: "\(place).\(name)")
    }

    /// A list of objects.
    func objects(_ name: String) throws(RPCError) -> [Fields] {
        var objects: [Fields] = []
        for (index, item) in try list(name).enumerated() {
            objects.append(try Fields(item, at: "\(place).\(name)[\(index)]"))
        }
        return objects
    }

    func text(_ name: String) throws(RPCError) -> String {
        guard case .string(let text) = try value(name) else {
            throw wrong(name, "must be a string")
        }
        return text
    }

    /// One of the choices, by its name.
    func choice<Choice>(_ name: String, among _: Choice.Type) throws(RPCError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        if let choice = Choice(rawValue: try text(name)) { return choice }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw wrong(name, "must be one of \(names)")
    }

    /// False where there is none.
    func flag(_ name: String) throws(RPCError) -> Bool {
        switch fields[name] {
        case nil: return false
        case .bool(let flag)?: return flag
        default: throw wrong(name, "must be true or false")
        }
    }

    /// A finite number.
    func number(_ name: String) throws(RPCError) -> Double {
        guard let number = try value(name).finiteNumber else {
            throw wrong(name, "must be a finite number")
        }
        return number
    }

    /// A finite number above 0.
    func positiveNumber(_ name: String) throws(RPCError) -> Double {
        let number = try number(name)
        guard number > 0 else { throw wrong(name, "must be above 0") }
        return number
    }

    /// A whole number, by default one that a `Double` can count to.
    func integer(
        _ name: String, from least: Int = 0, to most: Int = 1 << 53
    ) throws(RPCError) -> Int {
        guard case .integer(let integer) = try value(name), (least...most).contains(integer) else {
            throw wrong(name, "must be a whole number from \(least) to \(most)")
        }
        return integer
    }

    /// Whether there is such a field.
    func has(_ name: String) -> Bool {
        fields[name] != nil
    }

    func list(_ name: String) throws(RPCError) -> [JSON] {
        guard case .array(let items) = try value(name) else { throw wrong(name, "must be a list") }
        return items
    }

    private func value(_ name: String) throws(RPCError) -> JSON {
        guard let value = fields[name] else { throw wrong(name, "is missing") }
        return value
    }
}

extension JSON {
    /// Nil for what is no number, and for numbers too large for a `Double`.
    var finiteNumber: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number.isFinite ? number : nil
        default: nil
        }
    }
}
