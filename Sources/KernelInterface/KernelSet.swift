public typealias Floats = UnsafePointer<Float>
public typealias MutableFloats = UnsafeMutablePointer<Float>

/// What a forward convolution does with its sums before it stores them.
public enum ConvolutionEpilogue {
    /// Store them.
    case none
    /// Store them, and the statistics that batch norm needs: for each output channel, rounded up to groups of 4, 3 × 16 floats (`shift`, Σ(y - shift), Σ(y - shift)²).
    case statistics(MutableFloats)
    /// Store ELU of them, of the first so many lanes at least: what the others hold does not matter.
    case elu(lanes: Int)
}

/// The inner loops of the engine, one implementation for each instruction set.
///
/// Pointers are to blocks as in `LaneLayout`, 64-byte aligned; nothing is checked here. Every function computes the same sums in the same
/// order whatever the number of threads.
public protocol KernelSet: Sendable {
    /// `v2`, `v3`, `v4` or `portable`.
    var name: String { get }

    /// One slab of some groups of four output channels of one block: y = bias + Σ w · x.
    /// - Parameters:
    ///   - weights: packed, `[group][in][3][3][3][4]` from the first of these groups on.
    ///   - bias: `[group][4]`, or nil for none.
    func convolve(
        _ geometry: ConvolutionGeometry, packs: Range<Int>, slab: Int, input: Floats, output: MutableFloats, weights: Floats, bias: Floats?,
        epilogue: ConvolutionEpilogue)

    /// Input gradient of a stride-2 convolution, one group of four input channels of one block, whole depth.
    /// - Parameter weights: packed, `[out][3][3][3][4]` of this group, taps not flipped.
    func inputGradientStride2(
        _ geometry: ConvolutionGeometry, pack: Int, outputGradient: Floats, inputGradient: MutableFloats, weights: Floats)

    /// Adds the weight gradients of one slab of one block to lane sums.
    /// - Parameters:
    ///   - outputs: the range of output channels, at most `LaneLayout.gradientChannels`.
    ///   - sums: `[input channel of the range][kz·3+ky][gradientChannels][3][16]`.
    func accumulateWeightGradient(
        _ geometry: ConvolutionGeometry, slab: Int, outputs: Range<Int>, inputs: Range<Int>, input: Floats, outputGradient: Floats,
        sums: MutableFloats)

    /// Sums over the 16 lanes: out[i] += Σ in[16 i + lane] for i in 0 ..< count.
    func addLaneSums(_ input: Floats, count: Int, to output: MutableFloats)

    /// a = ELU(y · scale + shift) over the rows of one channel of one block.
    func normaliseELU(_ input: Floats, output: MutableFloats, rows: Int, width: Int, scale: Float, shift: Float)

    /// First half of the gradient of ELU(batch norm): g = da · ELU'(y · scale + shift) replaces da, and
    /// sums[0…15] += Σ g, sums[16…31] += Σ g · (y - mean) lane by lane.
    func gradientThroughELU(
        _ input: Floats, gradient: MutableFloats, rows: Int, width: Int, scale: Float, shift: Float, mean: Float, sums: MutableFloats)

    /// Second half: dy = (g · a + (y - mean) · b + c) · laneMask, in place of g.
    func gradientThroughNorm(
        _ input: Floats, gradient: MutableFloats, rows: Int, width: Int, mean: Float, a: Float, b: Float, c: Float, laneMask: Floats)

    /// sum = Σ_k factor[k] · terms[k · stride + i] for i in 0 ..< count.
    func mix(_ terms: Floats, stride: Int, factors: Floats, terms count: Int, count elements: Int, output: MutableFloats)

    /// output[i] += factor · input[i].
    func addScaled(_ input: Floats, factor: Float, count: Int, to output: MutableFloats)

    /// Σ a · b in 16 lanes, added up in a fixed order.
    func dot(_ a: Floats, _ b: Floats, count: Int) -> Float

    /// SGD with momentum: g' = g + decay · p; v = first ? g' : momentum · v + g'; p -= rate · v.
    func descend(
        parameters: MutableFloats, velocity: MutableFloats, gradient: Floats, count: Int, rate: Float, momentum: Float, decay: Float,
        first: Bool)

    /// key = m · key + (1 - m) · query.
    func blend(key: MutableFloats, query: Floats, m: Float, count: Int)

    /// Trilinear samples of patches of side³ voxels along an affine map, border values replicated: HU + `offset`, which must not be negative.
    /// - Parameters:
    ///   - patches: `[z][y][x]` each; `side` is even.
    ///   - matrix: 12 floats, row-major 3×4: source (z, y, x) = matrix · (z, y, x, 1), uncentred voxel coordinates.
    ///   - output: `[patch][z][y][x]`.
    func resample(_ patches: [UnsafePointer<Int16>], side: Int, offset: Int16, matrix: Floats, output: MutableFloats)

    /// x ← x + σ · n with n from the normal distribution: value i is a function of (key, i) only (Box–Muller on hashed counters). `count` is a multiple of 32.
    func addNoise(_ values: MutableFloats, count: Int, deviation: Float, key: UInt64)

    /// x ← ((x - min) / (max - min + 10⁻⁷))^γ · (max - min) + min, in place. `count` is a multiple of 16.
    func changeContrast(_ values: MutableFloats, count: Int, gamma: Float)
}
