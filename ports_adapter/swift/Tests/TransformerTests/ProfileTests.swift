import Testing

@testable import Transformer

struct ProfileTests {
    @Test func aStageIsTheProgramByAnotherName() {
        #expect(Profile.train5.parts == Profile.microgpt.parts)
    }

    @Test func theEarlyRevisionHasOlderParts() {
        let parts = Profile.earlyRevision.parts
        #expect(parts.activation == .squaredReLU)
        #expect(parts.schedule == .cosine)
        #expect(parts.branchStd == 0)
        #expect(!parts.tiesOutput)
    }

    @Test func theFirstRevisionIsTheEarlyOneTiedAndWithTwoSpecialTokens() {
        let parts = Profile.earlyRevision.parts.with {
            $0.specialTokens = .two
            $0.tiesOutput = true
        }
        #expect(Profile.firstRevision.parts == parts)
    }

    @Test func aTiedModelHasNoOutputProjectionOfItsOwn() {
        let names = Profile.allCases.map { profile in
            Design(parts: profile.parts, sizes: smallSizes)
                .weightShapes(vocabularySize: 5).prefix(3).map(\.name)
        }
        let untied = ["wte", "wpe", "lm_head"]
        #expect(names == [untied, untied, untied, ["wte", "wpe", "layer0.attn_wq"]])
    }

    /// The gradients of the embedding come from both of its uses.
    @Test(arguments: engines)
    func inATiedModelTokensThatAreNotReadHaveAGradient(engine: any Engine) throws {
        let model = try smallModel(.firstRevision)
        let grads = engine.backward(model, tokens: [0, 2, 1]).grads
        let wte = try #require(grads["wte"])
        #expect(grads["lm_head"] == nil)
        #expect(wte.rows.allSatisfy { row in row.contains { $0 != 0 } })
    }

    @Test func theLastMatricesOfBranchesBeginAtZeroAndAreDrawnAllTheSame() throws {
        let (late, early) = (try untrained(.microgpt), try untrained(.earlyRevision))
        for (name, matrix) in early {
            let endsBranch = name.hasSuffix("attn_wo") || name.hasSuffix("mlp_fc2")
            let drawn = try #require(late[name])
            #expect(endsBranch ? matrix.values.allSatisfy { $0 == 0 } : matrix == drawn, "\(name)")
        }
        #expect(late["layer1.mlp_fc2"]?.values.contains { $0 != 0 } == true)
    }

    /// The weights that a program begins with: those after one step without a learning rate.
    private func untrained(_ profile: Profile) throws -> Tensors {
        let optimizer = Adam(
            learningRate: 0, beta1: 0.9, beta2: 0.95, eps: 1e-8, stepCount: 1,
            schedule: profile.parts.schedule)
        let program = Replication(
            design: Design(parts: profile.parts, sizes: smallSizes), optimizer: optimizer,
            seed: 42, initStd: 0.08, temperature: 0.5, sampleCount: 0, corpus: "wren\nowl\n")
        var weights: Tensors = [:]
        _ = try program.run(by: VectorEngine()) { weights = $0.state.weights }
        return weights
    }
}
