// Writes a trace: what a program computes while it trains, one JSON record a line.
//   before training:  record(["trace": 1, "n_head": 4, "num_steps": 1000, "weights": weights])
//   and in each step, if isRecorded(step), of numbers and arrays of numbers,
//   before gradients are cleared:
//                     record(["step": step, "tokens": tokens, "loss": loss, "grads": grads])
//   after the update: record(["step": step, "m": m, "v": v, "weights": weights])

import Foundation

/// The steps that are worth recording: some at the start, and some later on.
func isRecorded(_ step: Int) -> Bool {
    [0, 1, 2, 9, 10, 99, 100].contains(step)
}

private let trace: FileHandle = {
    let path = ProcessInfo.processInfo.environment["MICROGPT_TRACE"] ?? "trace.jsonl"
    guard FileManager.default.createFile(atPath: path, contents: nil),
        let file = FileHandle(forWritingAtPath: path)
    else { fatalError("\(path) cannot be written") }
    return file
}()

/// Writes one record; numbers become the shortest decimals that read back as the same numbers.
func record(_ fields: KeyValuePairs<String, Any>) {
    let members = fields.map { name, value in
        let json = value is String ? String(reflecting: value) : String(describing: value)
        return "\"\(name)\": \(json)"
    }
    trace.write(Data("{\(members.joined(separator: ", "))}\n".utf8))
}
