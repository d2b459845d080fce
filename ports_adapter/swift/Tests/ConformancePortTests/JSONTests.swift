import Testing

@testable import ConformancePort

struct JSONTests {
    private func parse(_ text: String) throws -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    private func written(_ value: JSON) -> String {
        String(decoding: value.encoded, as: UTF8.self)
    }

    @Test func valuesAreRead() throws {
        let value = try parse(#" {"a": [1, -2.5e-3, true, null], "b": {}, "c": []} "#)
        #expect(value["a"] == [1, .number(-0.0025), true, .null])
        #expect(value["b"] == [:])
        #expect(value["c"] == [])
        #expect(value["d"] == nil)
    }

    @Test(arguments: [
        .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 1e-5, -0.0, 1e22, 123456789.123, 2.0,
        0x1p-1022,
    ])
    func numbersSurviveTheRoundTrip(number: Double) throws {
        guard case .number(let read) = try parse(written(.number(number))) else {
            Issue.record("not read as a number")
            return
        }
        #expect(read.bitPattern == number.bitPattern)
    }

    @Test func theSignOfZeroIsRead() throws {
        #expect(try parse("-0").finiteNumber?.sign == .minus)
        #expect(try parse("0") == 0)
    }

    @Test func whatIsNotFiniteIsWrittenAsText() {
        let value: JSON = [.number(.nan), .number(.infinity), .number(-.infinity)]
        #expect(written(value) == #"["NaN","Infinity","-Infinity"]"#)
    }

    @Test func whatIsTooLargeIsNotFinite() throws {
        #expect(try parse("1e999").finiteNumber == nil)
        #expect(try parse("1" + String(repeating: "0", count: 22)).finiteNumber == 1e22)
    }

    @Test func escapesAreRead() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#) == "\"\\/\u{8}\u{c}\n\r\té😀")
    }

    @Test(arguments: ["\"quoted\"", "back\\slash", "\u{0}\u{1f}\n", "é😀\u{2028}"])
    func stringsSurviveTheRoundTrip(string: String) throws {
        #expect(try parse(written(.string(string))) == .string(string))
    }

    @Test func fieldsAreSorted() {
        #expect(written(["b": 1, "a": "x"]) == #"{"a":"x","b":1}"#)
    }

    @Test(arguments: [
        "", "{", "[1,]", "[1 2]", "01", "1.", ".5", "+1", "1e", "nul", "NaN", #""open"#, #""\x""#,
        #""\ud83d""#, #""\ude00\ud83d""#, #"{"a"}"#, "{a:1}", "1 1", "\"\n\"",
    ])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test func deepNestingIsRefused() {
        let brackets = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try parse(brackets) }
    }
}
