import KernelInterface

/// Sums of one output channel at four, two or one neighbouring positions, in registers.
protocol PositionRow {
    associatedtype Window
    static var width: Int { get }
    init(_ value: Lane)
    /// The inputs under the three x-taps of all positions; `row` points at the first position's first tap, `step` vectors a voxel.
    static func window(_ row: Lanes, stride: Int) -> Window
    mutating func accumulate(_ window: Window, stride: Int, tap: Int, _ weight: Float)
    func forEach(_ body: (Int, Lane) -> Void)
}

struct Row4: PositionRow {
    var v0, v1, v2, v3: Lane

    struct Window { var x0, x1, x2, x3, x4, x5, x6, x7, x8: Lane }

    static var width: Int { 4 }

    @inline(__always)
    init(_ value: Lane) {
        v0 = value
        v1 = value
        v2 = value
        v3 = value
    }

    @inline(__always)
    static func window(_ row: Lanes, stride: Int) -> Window {
        let zero = Lane.zero
        if stride == 1 {
            return Window(
                x0: row[0], x1: row[pieces], x2: row[2 * pieces], x3: row[3 * pieces], x4: row[4 * pieces], x5: row[5 * pieces], x6: zero,
                x7: zero, x8: zero)
        }
        return Window(
            x0: row[0], x1: row[pieces], x2: row[2 * pieces], x3: row[3 * pieces], x4: row[4 * pieces], x5: row[5 * pieces],
            x6: row[6 * pieces], x7: row[7 * pieces], x8: row[8 * pieces])
    }

    @inline(__always)
    mutating func accumulate(_ w: Window, stride: Int, tap: Int, _ weight: Float) {
        switch (stride, tap) {
        case (1, 0): add(w.x0, w.x1, w.x2, w.x3, weight)
        case (1, 1): add(w.x1, w.x2, w.x3, w.x4, weight)
        case (1, _): add(w.x2, w.x3, w.x4, w.x5, weight)
        case (_, 0): add(w.x0, w.x2, w.x4, w.x6, weight)
        case (_, 1): add(w.x1, w.x3, w.x5, w.x7, weight)
        default: add(w.x2, w.x4, w.x6, w.x8, weight)
        }
    }

    @inline(__always)
    private mutating func add(_ a: Lane, _ b: Lane, _ c: Lane, _ d: Lane, _ weight: Float) {
        v0.multiplyAdd(a, weight)
        v1.multiplyAdd(b, weight)
        v2.multiplyAdd(c, weight)
        v3.multiplyAdd(d, weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) {
        body(0, v0)
        body(1, v1)
        body(2, v2)
        body(3, v3)
    }
}

struct Row2: PositionRow {
    var v0, v1: Lane

    struct Window { var x0, x1, x2, x3, x4: Lane }

    static var width: Int { 2 }

    @inline(__always)
    init(_ value: Lane) {
        v0 = value
        v1 = value
    }

    @inline(__always)
    static func window(_ row: Lanes, stride: Int) -> Window {
        Window(
            x0: row[0], x1: row[pieces], x2: row[2 * pieces], x3: row[3 * pieces], x4: stride == 1 ? Lane.zero : row[4 * pieces])
    }

    @inline(__always)
    mutating func accumulate(_ w: Window, stride: Int, tap: Int, _ weight: Float) {
        switch (stride, tap) {
        case (1, 0): add(w.x0, w.x1, weight)
        case (1, 1): add(w.x1, w.x2, weight)
        case (1, _): add(w.x2, w.x3, weight)
        case (_, 0): add(w.x0, w.x2, weight)
        case (_, 1): add(w.x1, w.x3, weight)
        default: add(w.x2, w.x4, weight)
        }
    }

    @inline(__always)
    private mutating func add(_ a: Lane, _ b: Lane, _ weight: Float) {
        v0.multiplyAdd(a, weight)
        v1.multiplyAdd(b, weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) {
        body(0, v0)
        body(1, v1)
    }
}

struct Row1: PositionRow {
    var v0: Lane

    struct Window { var x0, x1, x2: Lane }

    static var width: Int { 1 }

    @inline(__always)
    init(_ value: Lane) { v0 = value }

    @inline(__always)
    static func window(_ row: Lanes, stride: Int) -> Window { Window(x0: row[0], x1: row[pieces], x2: row[2 * pieces]) }

    @inline(__always)
    mutating func accumulate(_ w: Window, stride: Int, tap: Int, _ weight: Float) {
        v0.multiplyAdd(tap == 0 ? w.x0 : tap == 1 ? w.x1 : w.x2, weight)
    }

    @inline(__always)
    func forEach(_ body: (Int, Lane) -> Void) { body(0, v0) }
}

/// The register tile: four output channels with 32 registers, two with 16.
struct Tile<Row: PositionRow> {
    var a, b: Row
    #if KERNEL_V4
        var c, d: Row
    #endif

    #if KERNEL_V4
        @inline(__always) static var channels: Int { 4 }
    #else
        @inline(__always) static var channels: Int { 2 }
    #endif

    @inline(__always)
    init(bias: Floats?) {
        a = Row(Lane(repeating: bias?[0] ?? 0))
        b = Row(Lane(repeating: bias?[1] ?? 0))
        #if KERNEL_V4
            c = Row(Lane(repeating: bias?[2] ?? 0))
            d = Row(Lane(repeating: bias?[3] ?? 0))
        #endif
    }

    @inline(__always)
    mutating func accumulate(_ window: Row.Window, stride: Int, tap: Int, _ weights: Floats) {
        let w = weights + tap * LaneLayout.packedChannels
        a.accumulate(window, stride: stride, tap: tap, w[0])
        b.accumulate(window, stride: stride, tap: tap, w[1])
        #if KERNEL_V4
            c.accumulate(window, stride: stride, tap: tap, w[2])
            d.accumulate(window, stride: stride, tap: tap, w[3])
        #endif
    }

    @inline(__always)
    func forEachChannel(_ body: (Int, Row) -> Void) {
        body(0, a)
        body(1, b)
        #if KERNEL_V4
            body(2, c)
            body(3, d)
        #endif
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
            forward.run(stride: 1, planes: geometry.planes(ofSlab: slab), epilogue: epilogue)
        } else {
            forward.run(stride: 2, planes: geometry.planes(ofSlab: slab), epilogue: epilogue)
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
    func run(stride: Int, planes: Range<Int>, epilogue: ConvolutionEpilogue) {
        switch epilogue {
        case .none:
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: 1) {
                rows(stride, planes, .store, RunningStatistics(base: $0.baseAddress!))
            }
        case .elu:
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: 1) {
                rows(stride, planes, .elu, RunningStatistics(base: $0.baseAddress!))
            }
        case .statistics(let result):
            let channels = packs.count * LaneLayout.packedChannels
            withUnsafeTemporaryAllocation(of: Lane.self, capacity: channels * RunningStatistics.vectors * pieces) { buffer in
                let statistics = RunningStatistics(base: buffer.baseAddress!)
                statistics.begin(channels: channels)
                rows(stride, planes, .statistics, statistics)
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
    private func rows(_ stride: Int, _ planes: Range<Int>, _ finish: Finish, _ statistics: RunningStatistics) {
        let channels = packs.count * LaneLayout.packedChannels
        for z in planes {
            for y in 0..<geometry.outputHeight {
                for pack in packs {
                    let offset = pack - packs.lowerBound
                    let one = PackConvolution(
                        geometry: geometry, firstChannel: pack * LaneLayout.packedChannels, input: input, output: output,
                        weights: weights + offset * geometry.inputChannels * 27 * LaneLayout.packedChannels,
                        bias: bias.map { $0 + offset * LaneLayout.packedChannels })
                    let own = RunningStatistics(
                        base: finish == .statistics ? statistics.slot(offset * LaneLayout.packedChannels, 0, 0) : statistics.base)
                    one.row(stride, z, y, finish, own, first: z == planes.lowerBound && y == 0)
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

    @inline(__always)
    func row(_ stride: Int, _ z: Int, _ y: Int, _ finish: Finish, _ statistics: RunningStatistics, first: Bool) {
        let width = geometry.outputWidth
        var x = 0
        while x + 4 <= width {
            tile(Row4.self, stride, z, y, x, finish, statistics, first: first && x == 0)
            x += 4
        }
        if x + 2 <= width {
            tile(Row2.self, stride, z, y, x, finish, statistics, first: first && x == 0)
            x += 2
        }
        if x < width { tile(Row1.self, stride, z, y, x, finish, statistics, first: first && x == 0) }
    }

    @inline(__always)
    private func tile<Row: PositionRow>(
        _: Row.Type, _ stride: Int, _ z: Int, _ y: Int, _ x: Int, _ finish: Finish, _ statistics: RunningStatistics, first: Bool
    ) {
        let g = geometry
        let inputRow = (g.inputWidth + 2) * pieces
        let inputPlane = g.inputHeight * inputRow
        let inputChannel = g.inputDepth * inputPlane
        let lowZ = max(0, 1 - z * stride)
        let highZ = min(3, g.inputDepth + 1 - z * stride)
        let lowY = max(0, 1 - y * stride)
        let highY = min(3, g.inputHeight + 1 - y * stride)
        let corner = (z * stride - 1) * inputPlane + (y * stride - 1) * inputRow + x * stride * pieces
        let outputRow = (g.outputWidth + 2) * pieces
        let outputChannel = g.outputDepth * g.outputHeight * outputRow
        let place = (z * g.outputHeight + y) * outputRow + (x + 1) * pieces

        for part in Swift.stride(from: 0, to: LaneLayout.packedChannels, by: Tile<Row>.channels)
        where firstChannel + part < g.outputChannels {
            for piece in 0..<pieces {
                var tile = Tile<Row>(bias: bias.map { $0 + part })
                var channelInput = input + corner + piece
                var channelWeights = weights + part
                for _ in 0..<g.inputChannels {
                    for kz in lowZ..<highZ {
                        for ky in lowY..<highY {
                            let window = Row.window(channelInput + kz * inputPlane + ky * inputRow, stride: stride)
                            let w = channelWeights + (kz * 3 + ky) * 3 * LaneLayout.packedChannels
                            tile.accumulate(window, stride: stride, tap: 0, w)
                            tile.accumulate(window, stride: stride, tap: 1, w)
                            tile.accumulate(window, stride: stride, tap: 2, w)
                        }
                    }
                    channelInput += inputChannel
                    channelWeights += 27 * LaneLayout.packedChannels
                }
                tile.forEachChannel { offset, row in
                    let channel = part + offset
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
}
