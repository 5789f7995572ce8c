import KernelInterface

/// Applies a draw to a stack of patches of one subject: affine, noise, contrast, then the network's scale. The stack shares everything but
/// the noise's values. Source: METHOD.md section 4.
package struct PatchAugmentation {
    package let kernels: any KernelSet

    package init(kernels: any KernelSet) { self.kernels = kernels }

    private static let side = Atlas.patchSide
    private static let voxels = side * side * side

    /// - Parameters:
    ///   - patches: Int16 HU in [-1024, 240], `[z][y][x]`, 32³ each.
    ///   - output: receives `[patch][z][y][x]` network inputs.
    package func apply(_ draw: AugmentationDraw, to patches: [UnsafePointer<Int16>], output: MutableFloats) {
        let count = patches.count * Self.voxels
        withUnsafeTemporaryAllocation(byteCount: count * 4, alignment: 64) { raw in
            let source = raw.bindMemory(to: Float.self).baseAddress!
            for (index, patch) in patches.enumerated() {
                let target = source + index * Self.voxels
                for i in 0..<Self.voxels { target[i] = Float(Int32(patch[i]) + 1024) }
            }
            resample(draw, Floats(source), channels: patches.count, output: output)
        }
        if draw.noiseDeviation > 0 { kernels.addNoise(output, count: count, deviation: draw.noiseDeviation, key: draw.noiseKey) }
        if draw.gamma != 1 { changeContrast(output, count: count, gamma: draw.gamma) }
        scale(output, count: count)
    }

    /// The patch as it is, on the network's scale: (HU + 1024) / 632 - 1.
    package func plain(_ patch: UnsafePointer<Int16>, output: MutableFloats) {
        for i in 0..<Self.voxels { output[i] = Float(Int32(patch[i]) + 1024) * (1 / NetworkIntensity.halfWidth) - 1 }
    }

    /// Trilinear samples along the draw's map, border values replicated.
    package func resample(_ draw: AugmentationDraw, _ source: Floats, channels: Int, output: MutableFloats) {
        // From coordinates about the centre to plain voxel coordinates: p = M (o - c) + t + c.
        let centre = Double(Self.side - 1) / 2
        var matrix = draw.matrix
        for row in 0..<3 {
            matrix[4 * row + 3] += centre - (matrix[4 * row] + matrix[4 * row + 1] + matrix[4 * row + 2]) * centre
        }
        let floats = matrix.map(Float.init)
        kernels.resample(source, channels: channels, side: Self.side, matrix: floats, output: output)
    }

    /// ((x - min)/(max - min + 10⁻⁷))^γ · (max - min) + min over the whole stack.
    package func changeContrast(_ values: MutableFloats, count: Int, gamma: Float) {
        var least = Float.infinity
        var largest = -Float.infinity
        for i in 0..<count {
            least = min(least, values[i])
            largest = max(largest, values[i])
        }
        let range = largest - least
        let inverse = 1 / (range + 1e-7)
        for i in 0..<count { values[i] = (values[i] - least) * inverse }
        kernels.power(values, count: count, exponent: gamma)
        for i in 0..<count { values[i] = values[i] * range + least }
    }

    /// x / 632 - 1.
    package func scale(_ values: MutableFloats, count: Int) {
        for i in 0..<count { values[i] = values[i] * (1 / NetworkIntensity.halfWidth) - 1 }
    }
}
