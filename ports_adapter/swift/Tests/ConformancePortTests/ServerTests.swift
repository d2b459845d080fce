import Testing
import Transformer

@testable import ConformancePort

struct ServerTests {
    /// All answers to these lines.
    private func answers(to lines: [String]) throws -> [JSON] {
        var answers: [JSON] = []
        let server = Server(engine: VectorEngine()) { line in
            answers.append(try JSON(parsing: line))
        }
        try server.serve(lines)
        return answers
    }

    private func answer(_ method: String, _ params: String) throws -> JSON {
        let line = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#
        return try #require(try answers(to: [line]).last)
    }

    private func problem(_ method: String, _ params: String) throws -> JSON {
        let error = try answer(method, params)["error"]
        #expect(error?["code"] == -32602)
        return error?["message"] ?? .null
    }

    @Test func anAnswerHasTheIdOfItsRequest() throws {
        let answers = try answers(to: [
            #"{"id":7,"method":"shutdown"}"#, #"{"id":8,"method":"shutdown"}"#,
        ])
        #expect(answers == [["jsonrpc": "2.0", "id": 7, "result": [:]]])
    }

    @Test func errorsAreNotTheEnd() throws {
        let answers = try answers(to: [
            "no JSON", "[]", #"{"id":"x","method":"dance"}"#, #"{"method":"linear"}"#,
            #"{"id":2,"method":"softmax","params":[]}"#,
            #"{"id":3,"method":"softmax","params":{"x":[1],"output_grad":[1]}}"#,
        ])
        let codes = answers.map { $0["error"]?["code"] }
        #expect(codes == [-32700, -32600, -32601, -32602, nil])
        #expect(answers.map { $0["id"] } == [.null, .null, "x", 2, 3])
    }

    @Test func everyMethodIsOffered() throws {
        let result = try answer("initialize", "{}")["result"]
        guard case .array(let methods)? = result?["methods"] else {
            Issue.record("no list of methods")
            return
        }
        #expect(methods.count == 17)
        #expect(methods.contains("cross_entropy"))
        #expect(result?["full_record"] == true)
    }

    @Test func profilesAndActivationsAreOffered() throws {
        let result = try answer("initialize", "{}")["result"]
        #expect(
            result?["profiles"] == ["microgpt", "train5", "early-revision", "first-revision"])
        #expect(result?["activations"] == ["relu", "squared_relu", "gelu"])
    }

    @Test func theProfileDecidesTheSpecialTokens() throws {
        func tokens(_ params: String) throws -> JSON? {
            try answer("tokenize", params)["result"]?["tokens"]
        }
        #expect(try tokens(#"{"text":"ba"}"#) == [[2, 1, 0, 2]])
        #expect(try tokens(#"{"text":"ba","profile":"early-revision"}"#) == [[2, 1, 0, 2]])
        #expect(try tokens(#"{"text":"ba","profile":"first-revision"}"#) == [[0, 3, 2, 1]])
    }

    @Test(arguments: [("", 4), (#","activation":"squared_relu""#, 16)])
    func theActivationOfAPerceptronCanBeAskedFor(field: String, output: Double) throws {
        let params = #"{"x":[4],"fc1":[[1]],"fc2":[[1]],"output_grad":[1]\#(field)}"#
        #expect(try answer("mlp", params)["result"]?["output"] == .array([.number(output)]))
    }

    @Test func whatIsNotOfferedIsRefused() throws {
        #expect(
            try problem("tokenize", #"{"text":"a","profile":"train4"}"#)
                == "params.profile must be one of microgpt, train5, early-revision, first-revision")
        #expect(
            try problem("forward", #"{"profile":"microgpt","activation":"tanh"}"#)
                == "params.activation must be one of relu, squared_relu, gelu")
    }

    @Test func wrongParamsAreNamed() throws {
        #expect(try problem("softmax", "{}") == "params.x is missing")
        #expect(
            try problem("softmax", #"{"x":[1,2],"output_grad":[1]}"#)
                == "params.output_grad must have 2 numbers, not 1")
        #expect(
            try problem("linear", #"{"x":[1],"w":[[1],[1,2]],"output_grad":[1,1]}"#)
                == "params.w must have 1 numbers, not 2")
        #expect(
            try problem("evaluate", #"{"nodes":[{"op":"exp","args":[0]}]}"#)
                == "params.nodes[0].args must hold whole numbers from 0 on and below 0")
        #expect(
            try problem("attention", #"{"q":[1,2,3],"k":[[1,2,3]],"v":[[1,2,3]],"n_head":2}"#)
                == "params.n_head must divide the length of q, which is 3")
    }

    @Test func theProgramIsToldStepByStep() throws {
        let line = #"""
            {"id":1,"method":"replicate","params":{"profile":"microgpt",
            "sizes":{"n_embd":2,"n_head":1,"n_layer":1,"block_size":3},
            "optimizer":{"learning_rate":0.01,"beta1":0.85,"beta2":0.99,"eps":1e-8,"num_steps":2},
            "seed":42,"init_std":0.08,"temperature":0.5,"num_samples":2,"text":"ab\nba\na\n"}}
            """#
        let answers = try answers(to: [line])
        #expect(answers.map { $0["method"] } == ["step", "step", nil])
        #expect(answers.map { $0["params"]?["step"] } == [0, 1, nil])
        #expect(answers.last?["result"]?["num_params"] == 66)
    }

    @Test func whoDoesNotListenEndsTheService() {
        struct Closed: Error {}
        let server = Server(engine: VectorEngine()) { _ in throw Closed() }
        #expect(throws: Closed.self) { try server.serve([#"{"id":1,"method":"initialize"}"#]) }
    }
}
