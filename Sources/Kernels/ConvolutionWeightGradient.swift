import CPrefetch
import KernelInterface

extension NativeKernels {
    public func accumulateWeightGradient(
        _ geometry: ConvolutionGeometry, slab: Int, outputs: Range<Int>, inputs: Range<Int>, input: Floats, outputGradient: Floats,
        sums: MutableFloats
    ) {
        let task = WeightGradient(
            geometry: geometry, outputs: outputs, input: lanes(input), gradient: lanes(outputGradient), sums: lanes(sums),
            inputs: inputs)
        if geometry.stride == 1 {
            task.run(StrideOne.self, planes: geometry.planes(ofSlab: slab))
        } else {
            task.run(StrideTwo.self, planes: geometry.planes(ofSlab: slab))
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
    func run<S: Step>(_: S.Type, planes: Range<Int>) {
        let g = geometry
        let stride = S.voxels
        let tapRow = LaneLayout.gradientChannels * 3 * pieces
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
                                let fetched = piece == 0 ? ahead(stride, ky) : 0
                                for first in Swift.stride(from: outputs.lowerBound, to: outputs.upperBound, by: 4) {
                                    let target = place + (first - outputs.lowerBound) * 3 * pieces
                                    if first + 4 <= outputs.upperBound {
                                        tile(
                                            S.self, z, plane + piece, ky, rows, piece, first, target,
                                            ahead: first == outputs.lowerBound ? fetched : 0)
                                    } else {
                                        for channel in first..<outputs.upperBound {
                                            single(
                                                S.self, z, plane + piece, ky, rows, piece, channel, target + (channel - first) * 3 * pieces)
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

    /// How far ahead, in vectors, the rows of the next chunk are asked for; 0 for not at all.
    @inline(__always)
    private func ahead(_ stride: Int, _ ky: Int) -> Int {
        guard geometry.inputWidth >= 16, stride == 2, ky > 0 else { return 0 }
        return (rowsPerChunk * stride + stride - 1) * (geometry.inputWidth + 2) * pieces
    }

    @inline(__always)
    private func rowPointers(_ z: Int, _ plane: Lanes, _ inputY: Int, _ y: Int, _ piece: Int, _ channel: Int) -> (Lanes, Lanes) {
        let g = geometry
        let x = plane + inputY * (g.inputWidth + 2) * pieces
        let d = gradient + (((channel * g.outputDepth + z) * g.outputHeight + y) * (g.outputWidth + 2) + 1) * pieces + piece
        return (x, d)
    }

    @inline(__always)
    private func single<S: Step>(
        _: S.Type, _ z: Int, _ plane: Lanes, _ ky: Int, _ rows: Range<Int>, _ piece: Int, _ channel: Int, _ place: MutableLanes
    ) {
        let stride = S.voxels
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

    @inline(__always)
    private func tile<S: Step>(
        _: S.Type, _ z: Int, _ plane: Lanes, _ ky: Int, _ rows: Range<Int>, _ piece: Int, _ first: Int, _ place: MutableLanes, ahead: Int
    ) {
        let stride = S.voxels
        let channel = geometry.outputDepth * geometry.outputHeight * (geometry.outputWidth + 2) * pieces
        let step = 3 * pieces
        var t0 = Taps3(place)
        var t1 = Taps3(place + step)
        var t2 = Taps3(place + 2 * step)
        var t3 = Taps3(place + 3 * step)
        for y in rows {
            let inputY = y * stride + ky - 1
            guard inputY >= 0, inputY < geometry.inputHeight else { continue }
            let (x, d) = rowPointers(z, plane, inputY, y, piece, first)
            var p = x
            var q = d
            for _ in 0..<geometry.outputWidth {
                if ahead > 0 {
                    prefetch_for_reading(p + ahead)
                    prefetch_for_reading(p + ahead + pieces)
                }
                let (x0, x1, x2) = (p[0], p[pieces], p[2 * pieces])
                t0.accumulate(x0, x1, x2, q[0])
                t1.accumulate(x0, x1, x2, q[channel])
                t2.accumulate(x0, x1, x2, q[2 * channel])
                t3.accumulate(x0, x1, x2, q[3 * channel])
                p += stride * pieces
                q += pieces
            }
        }
        t0.store(place)
        t1.store(place + step)
        t2.store(place + 2 * step)
        t3.store(place + 3 * step)
    }
}
