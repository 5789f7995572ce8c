import KernelInterface

extension NativeKernels {
    public func normaliseELU(_ input: Floats, output: MutableFloats, rows: Int, width: Int, scale: Float, shift: Float) {
        let source = lanes(input)
        let target = lanes(output)
        let scales = Lane(repeating: scale)
        for row in 0..<rows {
            let start = (row * (width + 2) + 1) * pieces
            for i in start..<start + width * pieces { target[i] = elu(fused(source[i], scales, shift)) }
        }
    }

    public func gradientThroughELU(
        _ input: Floats, gradient: MutableFloats, rows: Int, width: Int, scale: Float, shift: Float, mean: Float, sums: MutableFloats
    ) {
        let source = lanes(input)
        let target = lanes(gradient)
        let total = lanes(sums)
        let scales = Lane(repeating: scale)
        for piece in 0..<pieces {
            for row in 0..<rows {
                let start = (row * (width + 2) + 1) * pieces + piece
                var sum = Lane.zero
                var product = Lane.zero
                for x in 0..<width {
                    let i = start + x * pieces
                    let y = source[i]
                    let normalised = fused(y, scales, shift)
                    // At 0 the slope is 1 from both sides' formulas: e⁰ = 1.
                    let slope = exponential(negativePart(normalised))
                    let g = target[i] * slope
                    target[i] = g
                    sum += g
                    product.multiplyAdd(g, y - mean)
                }
                total[piece] += sum
                total[pieces + piece] += product
            }
        }
    }

    public func gradientThroughNorm(
        _ input: Floats, gradient: MutableFloats, rows: Int, width: Int, mean: Float, a: Float, b: Float, c: Float, laneMask: Floats
    ) {
        let source = lanes(input)
        let target = lanes(gradient)
        for piece in 0..<pieces {
            let mask = lanes(laneMask)[piece]
            for row in 0..<rows {
                let start = (row * (width + 2) + 1) * pieces + piece
                for x in 0..<width {
                    let i = start + x * pieces
                    var value = fused(source[i] - mean, Lane(repeating: b), c)
                    value.multiplyAdd(target[i], a)
                    target[i] = value * mask
                }
            }
        }
    }
}
