/// How activations lie in memory: blocks of 16 samples, one vector a voxel.
///
/// A block is `[channel][z][y][x + 2][16 samples]`: each row has one column of zeros before and after it, so that kernels need no test at
/// the left and right border. Every batch of any size is a list of such blocks; lanes without a sample hold finite numbers that no result
/// depends on.
public enum LaneLayout {
    /// Samples in a block.
    public static let lanes = 16
    /// Output channels that lie together in packed weights.
    public static let packedChannels = 4
    /// Output channels whose weight gradients are summed at once.
    public static let gradientChannels = 8
}

/// Sizes of a 3×3×3 convolution with zero padding 1.
public struct ConvolutionGeometry: Hashable, Sendable {
    public let inputChannels, outputChannels: Int
    public let stride: Int
    public let inputDepth, inputHeight, inputWidth: Int
    public let outputDepth, outputHeight, outputWidth: Int

    /// - Parameter stride: 1 or 2; an output axis is ⌈input / stride⌉ long.
    public init(inputChannels: Int, outputChannels: Int, stride: Int, inputDepth: Int, inputHeight: Int, inputWidth: Int) {
        precondition(stride == 1 || stride == 2, "ConvolutionGeometry: stride is \(stride), expected 1 or 2")
        precondition(
            min(inputChannels, outputChannels, inputDepth, inputHeight, inputWidth) > 0, "ConvolutionGeometry: sizes must be positive")
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.stride = stride
        self.inputDepth = inputDepth
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        outputDepth = (inputDepth - 1) / stride + 1
        outputHeight = (inputHeight - 1) / stride + 1
        outputWidth = (inputWidth - 1) / stride + 1
    }

    /// Floats of one block of inputs, border columns included.
    @inlinable public var inputFloats: Int { inputChannels * inputDepth * inputHeight * (inputWidth + 2) * LaneLayout.lanes }
    /// Floats of one block of outputs, border columns included.
    @inlinable public var outputFloats: Int { outputChannels * outputDepth * outputHeight * (outputWidth + 2) * LaneLayout.lanes }
    /// Weights of the kernel, `[out][in][3][3][3]`.
    @inlinable public var weights: Int { outputChannels * inputChannels * 27 }
    /// Groups of four output channels.
    @inlinable public var outputPacks: Int { (outputChannels + 3) / 4 }
    /// Groups of output channels that one call computes row by row, so that input rows are read from memory once: all of them where a layer's
    /// input is larger than a core's cache.
    @inlinable public var packsAtOnce: Int { inputWidth >= 16 ? outputPacks : 1 }
    /// How often `packsAtOnce` groups make all.
    @inlinable public var packRuns: Int { outputPacks / packsAtOnce }
    /// The groups of one call.
    @inlinable public func packs(ofRun run: Int) -> Range<Int> { (run * packsAtOnce)..<((run + 1) * packsAtOnce) }
    /// Groups of four input channels.
    @inlinable public var inputPacks: Int { (inputChannels + 3) / 4 }
    /// Floats of weights packed for the forward pass, `[out / 4][in][3][3][3][4]`.
    @inlinable public var packedForward: Int { outputPacks * inputChannels * 108 }
    /// Floats of weights packed for the input gradient, `[in / 4][out][3][3][3][4]`.
    @inlinable public var packedBackward: Int { inputPacks * outputChannels * 108 }
    /// Multiply-adds for one sample, borders counted.
    public var multiplyAdds: Int { weights * outputDepth * outputHeight * outputWidth }
    /// Planes of one task: a layer is cut into slabs of z that depend on its size only, so that sums are the same for any number of threads.
    @inlinable public var slabs: Int { max(1, outputDepth / 8) }
    /// The output planes of a slab.
    @inlinable public func planes(ofSlab slab: Int) -> Range<Int> { (slab * outputDepth / slabs)..<((slab + 1) * outputDepth / slabs) }

    /// The stride-1 convolution that computes this (stride-1) convolution's input gradient from its output gradient.
    public var transposed: ConvolutionGeometry {
        precondition(stride == 1, "ConvolutionGeometry.transposed: stride is \(stride), expected 1")
        return ConvolutionGeometry(
            inputChannels: outputChannels, outputChannels: inputChannels, stride: 1, inputDepth: inputDepth, inputHeight: inputHeight,
            inputWidth: inputWidth)
    }
}
