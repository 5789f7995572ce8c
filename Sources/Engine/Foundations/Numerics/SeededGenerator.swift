/// A counter-based random generator (SplitMix64): draw i of a stream depends on the stream's key and on i only.
///
/// Every random number of a run is a function of named integers (seed, epoch, landmark, subject, view …), never of the order of calls;
/// that is what keeps results the same for any number of threads.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var state: UInt64

    /// The stream whose outputs are mix(key + (i + 1)·golden), i = 0, 1, …
    package init(key: UInt64) { state = key }

    /// The stream that belongs to a list of integers; different lists give independent streams.
    package init(_ parts: UInt64...) { self.init(parts) }

    /// One of a seed's streams.
    /// - Parameter numbers: what else it depends on, for example the epoch.
    package init(_ seed: UInt64, _ stream: RandomStream, _ numbers: UInt64...) { self.init([seed, stream.rawValue] + numbers) }

    private init(_ parts: [UInt64]) {
        state = parts.reduce(0x243F_6A88_85A3_08D3) { Self.mix($0 &+ Self.golden ^ Self.mix($1 &+ Self.golden)) }
    }

    /// The stream of a name: its key is the name's FNV-1a-64 hash.
    package init(name: String) {
        state = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    package mutating func next() -> UInt64 {
        state &+= Self.golden
        return Self.mix(state)
    }

    /// Uniform in [0, 1) with 24 bits, exact in `Float` and `Double`.
    package mutating func uniform() -> Double { Double(next() >> 40) * 0x1p-24 }

    /// Uniform in [lower, upper).
    package mutating func uniform(_ lower: Double, _ upper: Double) -> Double { lower + (upper - lower) * uniform() }

    /// A whole number in 0 ..< bound.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "SeededGenerator.below: bound is \(bound), expected > 0")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A draw from the normal distribution N(0, 1) (Box–Muller, the cosine branch; two uniforms a draw).
    package mutating func normal() -> Double {
        let radius = uniform() + 0x1p-25
        return (-2 * radius.logarithm).squareRoot() * (2 * Double.pi * uniform()).cosine
    }

    /// A permutation of 0 ..< count (Fisher–Yates).
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
        return order
    }

    /// SplitMix64's finaliser.
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z ^= z >> 30
        z &*= 0xBF58_476D_1CE4_E5B9
        z ^= z >> 27
        z &*= 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
