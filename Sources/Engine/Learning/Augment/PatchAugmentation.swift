import Cohorts
import Imaging
import KernelInterface

/// Applies a draw to a stack of patches of one subject: affine, noise, contrast, then the network's scale. The stack shares everything but
/// the noise's values. Source: docs/method.md section 4.
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
        resample(draw, patches, output: output)
        if draw.noiseDeviation > 0 { kernels.addNoise(output, count: count, deviation: draw.noiseDeviation, key: draw.noiseKey) }
        if draw.gamma != 1 { kernels.changeContrast(output, count: count, gamma: draw.gamma) }
        scale(output, count: count)
    }

    /// The patch as it is, on the network's scale: (HU + 1024) / 632 - 1.
    package func plain(_ patch: UnsafePointer<Int16>, output: MutableFloats) {
        for i in 0..<Self.voxels { output[i] = Float(Int32(patch[i]) + 1024) * (1 / NetworkIntensity.halfWidth) - 1 }
    }

    /// HU + 1024 along the draw's map, trilinear, border values replicated.
    package func resample(_ draw: AugmentationDraw, _ patches: [UnsafePointer<Int16>], output: MutableFloats) {
        // From coordinates about the centre to plain voxel coordinates: p = M (o - c) + t + c.
        let centre = Double(Self.side - 1) / 2
        var matrix = draw.matrix
        for row in 0..<3 {
            matrix[4 * row + 3] += centre - (matrix[4 * row] + matrix[4 * row + 1] + matrix[4 * row + 2]) * centre
        }
        kernels.resample(patches, side: Self.side, offset: 1024, matrix: matrix.map(Float.init), output: output)
    }

    /// x / 632 - 1.
    package func scale(_ values: MutableFloats, count: Int) {
        for i in 0..<count { values[i] = values[i] * (1 / NetworkIntensity.halfWidth) - 1 }
    }
}
