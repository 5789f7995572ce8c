import KernelInterface

extension NativeKernels {
    /// The gradient at input i gathers, along each axis, tap 1 of output i/2 where i is even, and taps 0 and 2 of outputs (i+1)/2 and
    /// (i-1)/2 where i is odd. A tile is four input channels (two with 16 registers) at two even and two odd positions of a row.
    public func inputGradientStride2(
        _ geometry: ConvolutionGeometry, pack: Int, outputGradient: Floats, inputGradient: MutableFloats, weights: Floats
    ) {
        let g = geometry
        let source = lanes(outputGradient)
        let target = lanes(inputGradient)
        let sourceRow = (g.outputWidth + 2) * pieces
        let sourceChannel = g.outputDepth * g.outputHeight * sourceRow
        let targetRow = (g.inputWidth + 2) * pieces
        let targetChannel = g.inputDepth * g.inputHeight * targetRow
        let firstChannel = pack * LaneLayout.packedChannels
        for z in 0..<g.inputDepth {
            let tapsZ = Taps(at: z, outputs: g.outputDepth)
            for y in 0..<g.inputHeight {
                let tapsY = Taps(at: y, outputs: g.outputHeight)
                for pair in stride(from: 0, to: g.inputWidth, by: 4) {
                    // Outputs pair/2, pair/2 + 1 and pair/2 + 2 reach inputs pair … pair + 3.
                    let last = min(2, g.outputWidth - pair / 2)
                    for part in stride(from: 0, to: LaneLayout.packedChannels, by: GradientTile.channels)
                    where firstChannel + part < g.inputChannels {
                        for piece in 0..<pieces {
                            var tile = GradientTile()
                            for output in 0..<g.outputChannels {
                                let channelWeights = weights + output * 27 * LaneLayout.packedChannels + part
                                let channelSource = source + output * sourceChannel + (pair / 2 + 1) * pieces + piece
                                tapsZ.forEach { kz, sourceZ in
                                    tapsY.forEach { ky, sourceY in
                                        let row = channelSource + (sourceZ * g.outputHeight + sourceY) * sourceRow
                                        tile.accumulate(
                                            row[0], row[pieces], row[last * pieces],
                                            channelWeights + (kz * 3 + ky) * 3 * LaneLayout.packedChannels)
                                    }
                                }
                            }
                            let place = (z * g.inputHeight + y) * targetRow + (pair + 1) * pieces + piece
                            tile.forEachChannel { offset, row in
                                let channel = firstChannel + part + offset
                                guard channel < g.inputChannels else { return }
                                row.forEach { position, value in
                                    if pair + position < g.inputWidth {
                                        target[channel * targetChannel + place + position * pieces] = value
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The taps of one axis that reach an input, with the outputs that they come from.
private struct Taps {
    private let firstTap, firstOutput, secondOutput: Int

    @inline(__always)
    init(at input: Int, outputs: Int) {
        if input & 1 == 0 {
            firstTap = 1
            firstOutput = input / 2
            secondOutput = -1
        } else {
            firstTap = 2
            firstOutput = input / 2
            secondOutput = input / 2 + 1 < outputs ? input / 2 + 1 : -1
        }
    }

    @inline(__always)
    func forEach(_ body: (_ tap: Int, _ output: Int) -> Void) {
        body(firstTap, firstOutput)
        if secondOutput >= 0 { body(0, secondOutput) }
    }
}

private struct GradientTile {
    var a = Row4(.zero)
    var b = Row4(.zero)
    #if KERNEL_V4
        var c = Row4(.zero)
        var d = Row4(.zero)
    #endif

    #if KERNEL_V4
        @inline(__always) static var channels: Int { 4 }
    #else
        @inline(__always) static var channels: Int { 2 }
    #endif

    @inline(__always)
    mutating func accumulate(_ g0: Lane, _ g1: Lane, _ g2: Lane, _ w: Floats) {
        Self.add(&a, g0, g1, g2, w)
        Self.add(&b, g0, g1, g2, w + 1)
        #if KERNEL_V4
            Self.add(&c, g0, g1, g2, w + 2)
            Self.add(&d, g0, g1, g2, w + 3)
        #endif
    }

    @inline(__always)
    private static func add(_ row: inout Row4, _ g0: Lane, _ g1: Lane, _ g2: Lane, _ w: Floats) {
        let left = w[0]
        let middle = w[LaneLayout.packedChannels]
        let right = w[2 * LaneLayout.packedChannels]
        row.v0.multiplyAdd(g0, middle)
        row.v1.multiplyAdd(g0, right)
        row.v1.multiplyAdd(g1, left)
        row.v2.multiplyAdd(g1, middle)
        row.v3.multiplyAdd(g1, right)
        row.v3.multiplyAdd(g2, left)
    }

    @inline(__always)
    func forEachChannel(_ body: (Int, Row4) -> Void) {
        body(0, a)
        body(1, b)
        #if KERNEL_V4
            body(2, c)
            body(3, d)
        #endif
    }
}
