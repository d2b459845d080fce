/// The generator MT19937 of Matsumoto and Nishimura (1998), seeded by their `init_by_array`.
struct MersenneTwister {
    private static let count = 624
    private static let shift = 397

    private var state: [UInt32]
    private var index = Self.count

    /// `key` is not empty.
    init(key: [UInt32]) {
        state = Self.state(seed: 19_650_218)
        var i = 1
        for k in 0..<max(Self.count, key.count) {
            let j = k % key.count
            let mixed = state[i] ^ Self.scrambled(state[i - 1], by: 1_664_525)
            state[i] = mixed &+ key[j] &+ UInt32(j)
            advance(&i)
        }
        for _ in 1..<Self.count {
            let mixed = state[i] ^ Self.scrambled(state[i - 1], by: 1_566_083_941)
            state[i] = mixed &- UInt32(i)
            advance(&i)
        }
        state[0] = 0x8000_0000
    }

    /// 32 random bits.
    mutating func next() -> UInt32 {
        if index == Self.count { twist() }
        var word = state[index]
        index += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9d2c_5680
        word ^= (word << 15) & 0xefc6_0000
        word ^= word >> 18
        return word
    }

    private static func state(seed: UInt32) -> [UInt32] {
        var state = [seed]
        for i in 1..<UInt32(count) {
            state.append(scrambled(state[state.count - 1], by: 1_812_433_253) &+ i)
        }
        return state
    }

    private static func scrambled(_ word: UInt32, by factor: UInt32) -> UInt32 {
        (word ^ (word >> 30)) &* factor
    }

    /// The next index, from 1 on; place 0 holds a copy of the last word for the one that follows.
    private mutating func advance(_ i: inout Int) {
        i += 1
        if i == Self.count {
            state[0] = state[Self.count - 1]
            i = 1
        }
    }

    private mutating func twist() {
        for i in 0..<Self.count {
            let next = state[(i + 1) % Self.count]
            let word = (state[i] & 0x8000_0000) | (next & 0x7fff_ffff)
            let odd: UInt32 = word & 1 == 1 ? 0x9908_b0df : 0
            state[i] = state[(i + Self.shift) % Self.count] ^ (word >> 1) ^ odd
        }
        index = 0
    }
}
