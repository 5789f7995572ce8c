import Foundations
import KernelInterface

/// Moves samples `[channel][z][y][x]` into blocks of 16 lanes and back, by index arithmetic of its own.
package struct LaneBlocks {
    package let channels, depth, height, width: Int

    package init(channels: Int, depth: Int, height: Int, width: Int) {
        self.channels = channels
        self.depth = depth
        self.height = height
        self.width = width
    }

    /// Values of one sample.
    package var sampleCount: Int { channels * depth * height * width }
    /// Floats of one block.
    package var blockFloats: Int { channels * depth * height * (width + 2) * 16 }

    /// - Parameters:
    ///   - samples: in lanes 0, 1, … of as many blocks as it takes.
    ///   - unused: what the lanes without a sample hold, made worse from lane to lane; border columns are 0.
    package func packed(_ samples: [[Float]], unused: Float) -> GuardedFloats {
        let blocks = (samples.count + 15) / 16
        let buffer = GuardedFloats(count: blocks * blockFloats)
        for block in 0..<blocks {
            for index in 0..<sampleCount {
                let place = block * blockFloats + self.place(index)
                for lane in 0..<16 {
                    let sample = block * 16 + lane
                    buffer.pointer[place + lane] = sample < samples.count ? samples[sample][index] : unused * Float(lane + 1)
                }
            }
        }
        return buffer
    }

    /// A buffer for `count` samples, full of a number that a result must replace; border columns are 0.
    package func blank(samples count: Int) -> GuardedFloats {
        packed(Array(repeating: Array(repeating: 12_345, count: sampleCount), count: count), unused: 12_345)
    }

    package func samples(_ buffer: UnsafeMutablePointer<Float>, count: Int) -> [[Float]] {
        (0..<count).map { sample in
            (0..<sampleCount).map { buffer[sample / 16 * blockFloats + place($0) + sample % 16] }
        }
    }

    /// Whether the columns before and after each row are 0 in every lane.
    package func bordersAreZero(_ buffer: GuardedFloats) -> Bool {
        let row = (width + 2) * 16
        return stride(from: 0, to: buffer.count, by: row).allSatisfy { start in
            (0..<16).allSatisfy { buffer.pointer[start + $0] == 0 && buffer.pointer[start + row - 16 + $0] == 0 }
        }
    }

    private func place(_ index: Int) -> Int { (index / width * (width + 2) + index % width + 1) * 16 }
}

extension ConvolutionGeometry {
    package var inputBlocks: LaneBlocks { LaneBlocks(channels: inputChannels, depth: inputDepth, height: inputHeight, width: inputWidth) }
    package var outputBlocks: LaneBlocks {
        LaneBlocks(channels: outputChannels, depth: outputDepth, height: outputHeight, width: outputWidth)
    }
}

/// Seeded numbers in [-1, 1).
package func randomFloats(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(2 * generator.uniform() - 1) }
}
