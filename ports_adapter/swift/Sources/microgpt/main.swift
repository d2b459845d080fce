import ConformancePort
import Foundation
import Transformer

let engine: any Engine
switch CommandLine.arguments.dropFirst() {
case []:
    engine = ScalarEngine()
case ["--vectors"]:
    engine = VectorEngine()
default:
    FileHandle.standardError.write(Data("usage: microgpt [--vectors]\n".utf8))
    exit(EX_USAGE)
}

// When nobody reads the answers any more, writing shall fail and not kill.
signal(SIGPIPE, SIG_IGN)

// A file handle does not buffer: each line is on its way when the next one is computed.
let server = Server(engine: engine) { line in
    try FileHandle.standardOutput.write(contentsOf: Data(line + [UInt8(ascii: "\n")]))
}
try? server.serve(AnyIterator { readLine() })
