import KernelInterface

extension NativeKernels {
    #if KERNEL_V4
        public var weightGradientChannels: Int { 8 }
    #else
        public var weightGradientChannels: Int { 4 }
    #endif

    public func accumulateWeightGradient(
        _ geometry: ConvolutionGeometry, slab: Int, outputs: Range<Int>, inputs: Range<Int>, input: Floats, outputGradient: Floats,
        sums: MutableFloats
    ) {
        let task = WeightGradient(
            geometry: geometry, outputs: outputs, input: lanes(input), gradient: lanes(outputGradient), sums: lanes(sums),
            inputs: inputs)
        if geometry.stride == 1 {
            task.run(stride: 1, planes: geometry.planes(ofSlab: slab))
        } else {
            task.run(stride: 2, planes: geometry.planes(ofSlab: slab))
        }
    }

    public func addLaneSums(_ input: Floats, count: Int, to output: MutableFloats) {
        let vectors = UnsafeRawPointer(input).assumingMemoryBound(to: SIMD16<Float>.self)
        for i in 0..<count { output[i] += vectors[i].orderedSum }
    }
}

extension SIMD16 where Scalar == Float {
    /// The sum by halving: the same order on every instruction set.
    @inline(__always)
    var orderedSum: Float {
        let eight = lowHalf + highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}

/// The gradients of three x-taps of one output channel.
private struct Taps3 {
    var left, middle, right: Lane

    @inline(__always)
    init(_ place: MutableLanes) {
        left = place[0]
        middle = place[pieces]
        right = place[2 * pieces]
    }

    @inline(__always)
    func store(_ place: MutableLanes) {
        place[0] = left
        place[pieces] = middle
        place[2 * pieces] = right
    }

    @inline(__always)
    mutating func accumulate(_ x0: Lane, _ x1: Lane, _ x2: Lane, _ gradient: Lane) {
        left.multiplyAdd(x0, gradient)
        middle.multiplyAdd(x1, gradient)
        right.multiplyAdd(x2, gradient)
    }
}

private struct WeightGradient {
    let geometry: ConvolutionGeometry
    let outputs: Range<Int>
    let input: Lanes
    let gradient: Lanes
    let sums: MutableLanes
    let inputs: Range<Int>

    /// Rows of a chunk: as many as leave the gradients of all output channels in the first-level cache.
    private var rowsPerChunk: Int { max(1, 32 / geometry.outputWidth) }

    @inline(__always)
    func run(stride: Int, planes: Range<Int>) {
        let g = geometry
        #if KERNEL_V4
            let full = 8
        #else
            let full = 4
        #endif
        let tapRow = full * 3 * pieces
        for z in planes {
            for firstRow in Swift.stride(from: 0, to: g.outputHeight, by: rowsPerChunk) {
                let rows = firstRow..<min(g.outputHeight, firstRow + rowsPerChunk)
                for inputChannel in inputs {
                    let channelSums = sums + (inputChannel - inputs.lowerBound) * 9 * tapRow
                    for kz in 0..<3 {
                        let inputZ = z * stride + kz - 1
                        guard inputZ >= 0, inputZ < g.inputDepth else { continue }
                        let plane = input + (inputChannel * g.inputDepth + inputZ) * g.inputHeight * (g.inputWidth + 2) * pieces
                        for ky in 0..<3 {
                            for piece in 0..<pieces {
                                let place = channelSums + (kz * 3 + ky) * tapRow + piece
                                if outputs.count == full {
                                    fullTile(stride, z, plane + piece, ky, rows, piece, place)
                                } else {
                                    for channel in outputs {
                                        let step = (channel - outputs.lowerBound) * 3 * pieces
                                        single(stride, z, plane + piece, ky, rows, piece, channel, place + step)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @inline(__always)
    private func rowPointers(_ z: Int, _ plane: Lanes, _ inputY: Int, _ y: Int, _ piece: Int, _ channel: Int) -> (Lanes, Lanes) {
        let g = geometry
        let x = plane + inputY * (g.inputWidth + 2) * pieces
        let d = gradient + (((channel * g.outputDepth + z) * g.outputHeight + y) * (g.outputWidth + 2) + 1) * pieces + piece
        return (x, d)
    }

    @inline(__always)
    private func single(
        _ stride: Int, _ z: Int, _ plane: Lanes, _ ky: Int, _ rows: Range<Int>, _ piece: Int, _ channel: Int, _ place: MutableLanes
    ) {
        var taps = Taps3(place)
        for y in rows {
            let inputY = y * stride + ky - 1
            guard inputY >= 0, inputY < geometry.inputHeight else { continue }
            let (x, d) = rowPointers(z, plane, inputY, y, piece, channel)
            for i in 0..<geometry.outputWidth {
                let p = x + i * stride * pieces
                taps.accumulate(p[0], p[pieces], p[2 * pieces], d[i * pieces])
            }
        }
        taps.store(place)
    }

    #if KERNEL_V4
        @inline(__always)
        private func fullTile(_ stride: Int, _ z: Int, _ plane: Lanes, _ ky: Int, _ rows: Range<Int>, _ piece: Int, _ place: MutableLanes) {
            let channel = geometry.outputDepth * geometry.outputHeight * (geometry.outputWidth + 2) * pieces
            let step = 3 * pieces
            var t0 = Taps3(place)
            var t1 = Taps3(place + step)
            var t2 = Taps3(place + 2 * step)
            var t3 = Taps3(place + 3 * step)
            var t4 = Taps3(place + 4 * step)
            var t5 = Taps3(place + 5 * step)
            var t6 = Taps3(place + 6 * step)
            var t7 = Taps3(place + 7 * step)
            for y in rows {
                let inputY = y * stride + ky - 1
                guard inputY >= 0, inputY < geometry.inputHeight else { continue }
                let (x, d) = rowPointers(z, plane, inputY, y, piece, outputs.lowerBound)
                var x0 = x[0]
                var x1 = x[pieces]
                var p = x + 2 * pieces
                var q = d
                let q4 = 4 * channel
                for _ in 0..<geometry.outputWidth {
                    // Read here and not ahead: behind the last column of an odd width there is nothing.
                    if stride == 2 { x1 = p[-pieces] }
                    let x2 = p[0]
                    t0.accumulate(x0, x1, x2, q[0])
                    t1.accumulate(x0, x1, x2, q[channel])
                    t2.accumulate(x0, x1, x2, q[2 * channel])
                    t3.accumulate(x0, x1, x2, q[3 * channel])
                    let r = q + q4
                    t4.accumulate(x0, x1, x2, r[0])
                    t5.accumulate(x0, x1, x2, r[channel])
                    t6.accumulate(x0, x1, x2, r[2 * channel])
                    t7.accumulate(x0, x1, x2, r[3 * channel])
                    x0 = stride == 1 ? x1 : x2
                    if stride == 1 { x1 = x2 }
                    p += stride * pieces
                    q += pieces
                }
            }
            t0.store(place)
            t1.store(place + step)
            t2.store(place + 2 * step)
            t3.store(place + 3 * step)
            t4.store(place + 4 * step)
            t5.store(place + 5 * step)
            t6.store(place + 6 * step)
            t7.store(place + 7 * step)
        }
    #else
        @inline(__always)
        private func fullTile(_ stride: Int, _ z: Int, _ plane: Lanes, _ ky: Int, _ rows: Range<Int>, _ piece: Int, _ place: MutableLanes) {
            let channel = geometry.outputDepth * geometry.outputHeight * (geometry.outputWidth + 2) * pieces
            let step = 3 * pieces
            var t0 = Taps3(place)
            var t1 = Taps3(place + step)
            var t2 = Taps3(place + 2 * step)
            var t3 = Taps3(place + 3 * step)
            for y in rows {
                let inputY = y * stride + ky - 1
                guard inputY >= 0, inputY < geometry.inputHeight else { continue }
                let (x, d) = rowPointers(z, plane, inputY, y, piece, outputs.lowerBound)
                var x0 = x[0]
                var x1 = x[pieces]
                var p = x + 2 * pieces
                var q = d
                for _ in 0..<geometry.outputWidth {
                    // Read here and not ahead: behind the last column of an odd width there is nothing.
                    if stride == 2 { x1 = p[-pieces] }
                    let x2 = p[0]
                    t0.accumulate(x0, x1, x2, q[0])
                    t1.accumulate(x0, x1, x2, q[channel])
                    t2.accumulate(x0, x1, x2, q[2 * channel])
                    t3.accumulate(x0, x1, x2, q[3 * channel])
                    x0 = stride == 1 ? x1 : x2
                    if stride == 1 { x1 = x2 }
                    p += stride * pieces
                    q += pieces
                }
            }
            t0.store(place)
            t1.store(place + step)
            t2.store(place + 2 * step)
            t3.store(place + 3 * step)
        }
    #endif
}
