/// The published programs that this is a port of, by their names.
package enum Profile: String, CaseIterable, Sendable {
    case microgpt
    /// The same program by its name as a stage.
    case train5
    case earlyRevision = "early-revision"
    case firstRevision = "first-revision"

    /// What the program is composed of.
    package var parts: Parts {
        switch self {
        case .microgpt, .train5: .microgpt
        case .earlyRevision: .earlyRevision
        case .firstRevision: .firstRevision
        }
    }
}

/// What a program is composed of. Its numbers, such as sizes and learning rate, are not among it.
package struct Parts: Equatable, Sendable {
    package var specialTokens = SpecialTokens.one
    package var activation = Activation.relu
    /// Whether `wte` is the output projection, too, in place of a matrix of its own.
    package var tiesOutput = false
    /// The standard deviation with which the last matrix of a residual branch is drawn, where it
    /// is another one than that of the other matrices.
    package var branchStd: Double?
    package var schedule = Schedule.linear
}

extension Parts {
    package static let microgpt = Parts()

    package static let earlyRevision = microgpt.with {
        $0.activation = .squaredReLU
        $0.branchStd = 0
        $0.schedule = .cosine
    }

    package static let firstRevision = earlyRevision.with {
        $0.specialTokens = .two
        $0.tiesOutput = true
    }

    /// The same with some parts changed.
    package func with(_ change: (inout Parts) -> Void) -> Parts {
        var parts = self
        change(&parts)
        return parts
    }
}
