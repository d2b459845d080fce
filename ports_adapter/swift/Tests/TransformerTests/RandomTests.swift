import Testing

@testable import Transformer

/// What CPython 3.11 draws.
struct RandomTests {
    @Test func theTwisterIsSeededByArray() {
        var generator = MersenneTwister(key: [42])
        let words = (0..<4).map { _ in generator.next() }
        #expect(words == [2_746_317_213, 478_163_327, 107_420_369, 3_184_935_163])
    }

    @Test func theTwisterTwistsAgain() {
        var generator = MersenneTwister(key: [42])
        for _ in 0..<1000 { _ = generator.next() }
        #expect(generator.next() == 2_672_573_305)
    }

    @Test func aLargeSeedHasTwoWords() {
        // Seed 2^40 + 7.
        var generator = MersenneTwister(key: [7, 256])
        #expect((0..<2).map { _ in generator.next() } == [2_635_837_658, 3_209_733_218])
        var (large, seventh) = (PythonRandom(seed: 1 << 40 + 7), PythonRandom(seed: 7))
        #expect(large.random() != seventh.random())
    }

    @Test func uniform() {
        var random = PythonRandom(seed: 42)
        #expect(random.random() == 0.6394267984578837)
        #expect(random.random() == 0.025010755222666936)
        var zero = PythonRandom(seed: 0)
        #expect(zero.random() == 0.8444218515250481)
    }

    @Test func gaussiansComeInPairs() {
        var random = PythonRandom(seed: 42)
        let draws = (0..<3).map { _ in random.gauss(mean: 0, std: 0.08) }
        #expect(draws == [-0.011527226366234268, -0.013832288026521545, -0.008905268925412997])
    }

    @Test func shuffle() {
        var random = PythonRandom(seed: 42)
        var numbers = Array(0..<10)
        random.shuffle(&numbers)
        #expect(numbers == [7, 3, 2, 8, 5, 6, 9, 4, 0, 1])
    }

    @Test func choices() {
        var random = PythonRandom(seed: 42)
        let draws = (0..<10).map { _ in random.choice(weights: [1, 2, 3, 4]) }
        #expect(draws == [3, 0, 1, 1, 3, 3, 3, 0, 2, 0])
    }

    @Test(arguments: [(0.0, 1), (0.49, 1), (0.5, 3), (0.999, 3)])
    func whatHasNoWeightIsNotChosen(uniform: Double, index: Int) {
        #expect(choose(weights: [0, 1, 0, 1], uniform: uniform) == index)
    }
}
