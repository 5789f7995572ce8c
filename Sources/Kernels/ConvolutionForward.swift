import CPrefetch
import KernelInterface

/// Sums of one output channel at four, two or one neighbouring positions, in registers.
protocol PositionRow {
    static var width: Int { get }
    init(_ value: Lane)
    /// Adds weight · x at each position; `x` points at the first position's input, the next one's is `step` vectors on.
    mutating func add(_ x: Lanes, step: Int, _ weight: Float)
    func forEach(_ body: (Int, Lane) -> Void)
}

struct Row4: PositionRow {
    var v0, v1, v2, v3: Lane

    @inline(__always) static var width: Int { 4 }

    @inline(__always)
    init(_ value: Lane) {
        v0 = value
        v1 = value
        v2 = value
        v3 = value
    }

    @inline(__always)
    mutating func add(_ x: Lanes, step: Int, _ weight: Float) {
        v0.multiplyAdd(x[0], weight)
        v1.multiplyAdd(x[step], weight)
        v2.multiplyAdd(x[2 * step], weight)
        v3.multiplyAdd(x[3 * step], weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) {
        body(0, v0)
        body(1, v1)
        body(2, v2)
        body(3, v3)
    }
}

struct Row3: PositionRow {
    var v0, v1, v2: Lane

    @inline(__always) static var width: Int { 3 }

    @inline(__always)
    init(_ value: Lane) {
        v0 = value
        v1 = value
        v2 = value
    }

    @inline(__always)
    mutating func add(_ x: Lanes, step: Int, _ weight: Float) {
        v0.multiplyAdd(x[0], weight)
        v1.multiplyAdd(x[step], weight)
        v2.multiplyAdd(x[2 * step], weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) {
        body(0, v0)
        body(1, v1)
        body(2, v2)
    }
}

struct Row2: PositionRow {
    var v0, v1: Lane

    @inline(__always) static var width: Int { 2 }

    @inline(__always)
    init(_ value: Lane) {
        v0 = value
        v1 = value
    }

    @inline(__always)
    mutating func add(_ x: Lanes, step: Int, _ weight: Float) {
        v0.multiplyAdd(x[0], weight)
        v1.multiplyAdd(x[step], weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) {
        body(0, v0)
        body(1, v1)
    }
}

struct Row1: PositionRow {
    var v0: Lane

    @inline(__always) static var width: Int { 1 }

    @inline(__always)
    init(_ value: Lane) { v0 = value }

    @inline(__always)
    mutating func add(_ x: Lanes, step: Int, _ weight: Float) { v0.multiplyAdd(x[0], weight) }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) { body(0, v0) }
}

/// The register tile: four output channels at the positions of a row; 32 registers hold four positions, 16 hold three where products are
/// fused and two where they need a register themselves.
struct Tile<Row: PositionRow> {
    var a, b: Row
    var c, d: Row

    @inline(__always)
    init(bias: Floats?) {
        a = Row(Lane(repeating: bias?[0] ?? 0))
        b = Row(Lane(repeating: bias?[1] ?? 0))
        c = Row(Lane(repeating: bias?[2] ?? 0))
        d = Row(Lane(repeating: bias?[3] ?? 0))
    }

    /// Adds the products of one x-tap; `x` points at the first position's input under it.
    @inline(__always)
    mutating func accumulate(_ x: Lanes, step: Int, _ w: Floats) {
        a.add(x, step: step, w[0])
        b.add(x, step: step, w[1])
        c.add(x, step: step, w[2])
        d.add(x, step: step, w[3])
    }

    @inline(__always)
    func forEachChannel(_ body: (Int, Row) -> Void) {
        body(0, a)
        body(1, b)
        body(2, c)
        body(3, d)
    }
}

/// Statistics of one channel while its slab is computed: sums of rows, of planes and of the slab, so that rounding does not grow with the
/// number of voxels. Layout: 4 channels × (shift, row Σ, row Σ², plane Σ, plane Σ², slab Σ, slab Σ²) × pieces vectors.
struct RunningStatistics {
    static let vectors = 7
    let base: MutableLanes

    @inline(__always)
    func slot(_ channel: Int, _ what: Int, _ piece: Int) -> MutableLanes { base + (channel * Self.vectors + what) * pieces + piece }

    func begin(channels: Int) { base.update(repeating: .zero, count: channels * Self.vectors * pieces) }

    @inline(__always)
    func add(_ row: some PositionRow, channel: Int, piece: Int) {
        let shift = slot(channel, 0, piece).pointee
        var sum = Lane.zero
        var squares = Lane.zero
        row.forEach { _, value in
            let centred = value - shift
            sum += centred
            squares.multiplyAdd(centred, centred)
        }
        slot(channel, 1, piece).pointee += sum
        slot(channel, 2, piece).pointee += squares
    }

    /// Adds sums at `level` (1 rows, 3 planes) to the next level and clears them.
    @inline(__always)
    func close(level: Int, channels: Int) {
        for channel in 0..<channels {
            for piece in 0..<pieces {
                for k in 0..<2 {
                    slot(channel, level + 2 + k, piece).pointee += slot(channel, level + k, piece).pointee
                    slot(channel, level + k, piece).pointee = .zero
                }
            }
        }
    }
}

extension NativeKernels {
    public func convolve(
        _ geometry: ConvolutionGeometry, packs: Range<Int>, slab: Int, input: Floats, output: MutableFloats, weights: Floats, bias: Floats?,
        epilogue: ConvolutionEpilogue
    ) {
        let forward = ForwardConvolution(
            geometry: geometry, packs: packs, input: lanes(input), output: lanes(output), weights: weights, bias: bias)
        if geometry.stride == 1 {
            forward.run(StrideOne.self, planes: geometry.planes(ofSlab: slab), epilogue: epilogue)
        } else {
            forward.run(StrideTwo.self, planes: geometry.planes(ofSlab: slab), epilogue: epilogue)
        }
    }
}

private enum Finish { case store, statistics, elu }

/// Several groups of output channels, row by row.
private struct ForwardConvolution {
    let geometry: ConvolutionGeometry
    let packs: Range<Int>
    let input: Lanes
    let output: MutableLanes
    let weights: Floats
    let bias: Floats?

    @inline(__always)
    func run<S: Step>(_: S.Type, planes: Range<Int>, epilogue: ConvolutionEpilogue) {
        switch epilogue {
        case .none:
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: 1) {
                rows(S.self, planes, .store, RunningStatistics(base: $0.baseAddress!))
            }
        case .elu(let samples):
            let used = (samples + Lane.scalarCount - 1) / Lane.scalarCount
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: 1) {
                rows(S.self, planes, .elu, RunningStatistics(base: $0.baseAddress!), vectors: used)
            }
        case .statistics(let result):
            let channels = packs.count * LaneLayout.packedChannels
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: channels * RunningStatistics.vectors * pieces) { buffer in
                let statistics = RunningStatistics(base: buffer.baseAddress!)
                statistics.begin(channels: channels)
                rows(S.self, planes, .statistics, statistics)
                let target = lanes(result)
                for channel in 0..<min(channels, geometry.outputChannels - packs.lowerBound * LaneLayout.packedChannels) {
                    for piece in 0..<pieces {
                        target[channel * 3 * pieces + piece] = statistics.slot(channel, 0, piece).pointee
                        target[(channel * 3 + 1) * pieces + piece] = statistics.slot(channel, 5, piece).pointee
                        target[(channel * 3 + 2) * pieces + piece] = statistics.slot(channel, 6, piece).pointee
                    }
                }
            }
        }
    }

    @inline(__always)
    private func rows<S: Step>(
        _: S.Type, _ planes: Range<Int>, _ finish: Finish, _ statistics: RunningStatistics, vectors: Int = pieces
    ) {
        let channels = packs.count * LaneLayout.packedChannels
        for z in planes {
            for y in 0..<geometry.outputHeight {
                for pack in packs {
                    let offset = pack - packs.lowerBound
                    let one = PackConvolution(
                        geometry: geometry, firstChannel: pack * LaneLayout.packedChannels, input: input, output: output,
                        weights: weights + offset * geometry.inputChannels * 27 * LaneLayout.packedChannels,
                        bias: bias.map { $0 + offset * LaneLayout.packedChannels }, leads: offset == 0, vectors: vectors)
                    let own = RunningStatistics(
                        base: finish == .statistics ? statistics.slot(offset * LaneLayout.packedChannels, 0, 0) : statistics.base)
                    one.row(S.self, z, y, finish, own, first: z == planes.lowerBound && y == 0)
                }
                if finish == .statistics { statistics.close(level: 1, channels: channels) }
            }
            if finish == .statistics { statistics.close(level: 3, channels: channels) }
        }
    }
}

/// One group of four output channels.
private struct PackConvolution {
    let geometry: ConvolutionGeometry
    let firstChannel: Int
    let input: Lanes
    let output: MutableLanes
    let weights: Floats
    let bias: Floats?
    /// Whether this group is the first of a row, which asks for the rows of the next one.
    let leads: Bool
    /// Vectors of a voxel that hold samples.
    let vectors: Int

    @inline(__always)
    func row<S: Step>(_: S.Type, _ z: Int, _ y: Int, _ finish: Finish, _ statistics: RunningStatistics, first: Bool) {
        let width = geometry.outputWidth
        var x = 0
        #if KERNEL_V4
            while x + 4 <= width {
                tile(Row4.self, S.self, z, y, x, finish, statistics, first: first && x == 0)
                x += 4
            }
        #elseif KERNEL_V3
            // Four positions are left to two tiles of two.
            while x + 3 <= width, x + 4 != width {
                tile(Row3.self, S.self, z, y, x, finish, statistics, first: first && x == 0)
                x += 3
            }
        #endif
        while x + 2 <= width {
            tile(Row2.self, S.self, z, y, x, finish, statistics, first: first && x == 0)
            x += 2
        }
        if x < width { tile(Row1.self, S.self, z, y, x, finish, statistics, first: first && x == 0) }
    }

    @inline(__always)
    private func tile<Row: PositionRow, S: Step>(
        _: Row.Type, _: S.Type, _ z: Int, _ y: Int, _ x: Int, _ finish: Finish, _ statistics: RunningStatistics, first: Bool
    ) {
        let g = geometry
        let inputRow = (g.inputWidth + 2) * pieces
        let inputPlane = g.inputHeight * inputRow
        let inputChannel = g.inputDepth * inputPlane
        let step = S.voxels
        let lowZ = max(0, 1 - z * step)
        let highZ = min(3, g.inputDepth + 1 - z * step)
        let lowY = max(0, 1 - y * step)
        let highY = min(3, g.inputHeight + 1 - y * step)
        let corner = (z * step - 1) * inputPlane + (y * step - 1) * inputRow + x * step * pieces
        let outputRow = (g.outputWidth + 2) * pieces
        let outputChannel = g.outputDepth * g.outputHeight * outputRow
        let place = (z * g.outputHeight + y) * outputRow + (x + 1) * pieces

        let ahead = step == 2 && leads && y + 1 < g.outputHeight
        for piece in 0..<vectors {
            var tile = Tile<Row>(bias: bias)
            var channelInput = input + corner + piece
            var channelWeights = weights
            for _ in 0..<g.inputChannels {
                for kz in lowZ..<highZ {
                    for ky in lowY..<highY {
                        let row = channelInput + kz * inputPlane + ky * inputRow
                        // The channels' rows lie too far apart for the hardware to see what comes next.
                        if ahead && ky > 0 && piece == 0 {
                            let next = UnsafeRawPointer(row + 2 * inputRow)
                            for line in 1...(2 * Row.width) { prefetch_for_reading(next + line * 64) }
                        }
                        let left = channelWeights + (kz * 3 + ky) * 3 * LaneLayout.packedChannels
                        let middle = left + LaneLayout.packedChannels
                        let right = middle + LaneLayout.packedChannels
                        // A step of two reads the same voxels under both outer taps: one after the other they stay in registers.
                        tile.accumulate(row, step: step * pieces, left)
                        if step == 2 { tile.accumulate(row + 2 * pieces, step: step * pieces, right) }
                        tile.accumulate(row + pieces, step: step * pieces, middle)
                        if step == 1 { tile.accumulate(row + 2 * pieces, step: step * pieces, right) }
                    }
                }
                channelInput += inputChannel
                channelWeights += 27 * LaneLayout.packedChannels
            }
            tile.forEachChannel { channel, row in
                guard firstChannel + channel < g.outputChannels else { return }
                let target = output + (firstChannel + channel) * outputChannel + place + piece
                row.forEach { position, value in target[position * pieces] = finish == .elu ? elu(value) : value }
                guard finish == .statistics else { return }
                if first { statistics.slot(channel, 0, piece).pointee = target[0] }
                statistics.add(row, channel: channel, piece: piece)
            }
        }
    }
}
