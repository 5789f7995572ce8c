import KernelInterface

/// Batch normalisation over samples and voxels, followed by ELU (α = 1): a = ELU(γ (y - μ)/√(σ² + ε) + β).
///
/// In training μ and σ² are those of the sample's group (biased variance); the running statistics move by `momentum` towards the mean over
/// the groups, with the unbiased variance. Source: the release's `BatchNorm3d` on four devices; docs/method.md section 3.
package enum BatchNorm3D {
    package static let epsilon: Float = 1e-5
    package static let momentum: Float = 0.1

    /// a = ELU(y · scale + shift), one value a channel.
    package struct Affine {
        package var scale, shift: [Float]
    }

    /// Statistics of one group, one value a channel.
    package struct GroupStatistics {
        package var mean, inverseDeviation: [Float]
        package var affine: Affine
        /// Values that each channel's statistics were taken over.
        package var count: Int
        package var variance: [Double]
    }

    /// Scale and shift of every layer for inference at a location: from the statistics there where the encoder has such, else from the running
    /// ones.
    package static func affines(_ encoder: PatchEncoder, at location: SIMD3<Float>) -> [Affine] {
        let weights = encoder.locationStatistics?.weights(at: location) ?? []
        var first = 0
        return encoder.architecture.layers.map { layer in
            let channels = first..<first + layer.geometry.outputChannels
            first = channels.upperBound
            guard let local = encoder.locationStatistics?.mixture(weights, channels: channels) else {
                return affine(
                    encoder, norm: layer.norm, mean: Array(encoder.statistics[layer.norm + ".running_mean"]),
                    variance: Array(encoder.statistics[layer.norm + ".running_var"]))
            }
            return affine(encoder, norm: layer.norm, mean: local.mean, variance: local.variance)
        }
    }

    private static func affine(_ encoder: PatchEncoder, norm: String, mean: [Float], variance: [Float]) -> Affine {
        let gamma = encoder.parameters[norm + ".weight"]
        let beta = encoder.parameters[norm + ".bias"]
        let scale = gamma.indices.map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
        return Affine(scale: scale, shift: gamma.indices.map { beta[$0] - mean[$0] * scale[$0] })
    }

    /// Mean and variance of each group from the convolution's sums (one triple a block, slab and lane), put together in double precision in a
    /// fixed order; lanes without a sample are left out.
    /// - Parameter sums: `[block][slab][channel, rounded up to 4][3][16]`.
    package static func statistics(
        of blocks: ArraySlice<LaneBatch.Block>, geometry g: ConvolutionGeometry, sums: Floats, gamma: UnsafeMutableBufferPointer<Float>,
        beta: UnsafeMutableBufferPointer<Float>
    ) -> [Int: GroupStatistics] {
        var result: [Int: GroupStatistics] = [:]
        let channels = g.outputChannels
        let slabFloats = g.outputPacks * LaneLayout.packedChannels * 3 * LaneLayout.lanes
        for group in Set(blocks.map(\.group)) {
            var means = [Float](repeating: 0, count: channels)
            var deviations = means
            var affine = Affine(scale: means, shift: means)
            var variances = [Double](repeating: 0, count: channels)
            var total = 0
            for channel in 0..<channels {
                var count = 0.0
                var mean = 0.0
                var squares = 0.0
                for (index, block) in blocks.enumerated() where block.group == group {
                    for slab in 0..<g.slabs {
                        let voxels = Double(g.planes(ofSlab: slab).count * g.outputHeight * g.outputWidth)
                        let triple = sums + (index * g.slabs + slab) * slabFloats + channel * 3 * LaneLayout.lanes
                        for lane in 0..<block.samples.count {
                            let shift = Double(triple[lane])
                            let sum = Double(triple[LaneLayout.lanes + lane])
                            let partMean = shift + sum / voxels
                            let partSquares = Double(triple[2 * LaneLayout.lanes + lane]) - sum * sum / voxels
                            // Chan's formula for joining two sets.
                            let joined = count + voxels
                            let difference = partMean - mean
                            squares += partSquares + difference * difference * count * voxels / joined
                            mean += difference * voxels / joined
                            count = joined
                        }
                    }
                }
                total = Int(count)
                variances[channel] = max(0, squares / count)
                means[channel] = Float(mean)
                deviations[channel] = Float(1 / (variances[channel] + Double(epsilon)).squareRoot())
                affine.scale[channel] = gamma[channel] * deviations[channel]
                affine.shift[channel] = beta[channel] - means[channel] * affine.scale[channel]
            }
            result[group] = GroupStatistics(
                mean: means, inverseDeviation: deviations, affine: affine, count: total, variance: variances)
        }
        return result
    }

    /// Moves the running statistics by `momentum` towards the mean over all groups of a pass.
    package static func updateRunning(_ encoder: PatchEncoder, norm: String, groups: [GroupStatistics], momentum: Float) {
        let mean = encoder.statistics[norm + ".running_mean"]
        let variance = encoder.statistics[norm + ".running_var"]
        for channel in mean.indices {
            var groupMean = 0.0
            var groupVariance = 0.0
            for group in groups {
                groupMean += Double(group.mean[channel])
                groupVariance += group.variance[channel] * Double(group.count) / Double(max(1, group.count - 1))
            }
            mean[channel] += momentum * (Float(groupMean / Double(groups.count)) - mean[channel])
            variance[channel] += momentum * (Float(groupVariance / Double(groups.count)) - variance[channel])
        }
    }
}
