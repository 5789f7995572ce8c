import Foundation
import Foundations
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

/// Augmentation against MONAI's numbers.
@Suite("Augmentation equals MONAI", .enabled(if: SharedData.hasFixtures("augment.safetensors")))
struct AugmentationReferenceTests {
    private static let voxels = 32 * 32 * 32

    @Test("affine, contrast and the whole chain")
    func cases() throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("augment.safetensors"))
        let input = try file.floats("input").map { Int16($0) - 1024 }
        let rotate = try file.doubles("rotate")
        let translate = try file.doubles("translate")
        let scale = try file.doubles("scale")
        let gamma = try file.doubles("gamma")
        for kernels in KernelSelection.available {
            let augmentation = PatchAugmentation(kernels: kernels)
            for index in 0..<4 {
                func triple(_ values: [Double]) -> Point3 { Point3(values[3 * index], values[3 * index + 1], values[3 * index + 2]) }
                let matrix = AugmentationDraw.matrix(rotation: triple(rotate), translation: triple(translate), scale: triple(scale))
                let expectedMatrix = try file.doubles("case\(index).matrix")
                #expect(zip(matrix, expectedMatrix).allSatisfy { abs($0 - $1) < 1e-12 })

                let channels = index == 3 ? 2 : 1
                let output = AlignedFloats(count: channels * Self.voxels)
                let draw = AugmentationDraw(matrix: matrix)
                input.withUnsafeBufferPointer { patches in
                    let stack = (0..<channels).map { patches.baseAddress! + $0 * Self.voxels }
                    augmentation.resample(draw, stack, output: output.pointer)
                }
                let expected = try file.floats("case\(index).affine_out")
                let worst = zip(output.array, expected).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst < 5e-3, "case \(index), \(kernels.name): affine off by \(worst)")

                // From the stored affine output, so that each step is checked by itself.
                output.pointer.update(from: expected, count: expected.count)
                kernels.changeContrast(output.pointer, count: output.count, gamma: Float(gamma[index]))
                let contrast = try file.floats("case\(index).contrast_out_s2")
                var off: Float = 0
                for i in contrast.indices {
                    let (c, z, y, x) = (i / 4096, i / 256 % 16, i / 16 % 16, i % 16)
                    off = max(off, abs(output.pointer[((c * 32 + 2 * z) * 32 + 2 * y) * 32 + 2 * x] - contrast[i]))
                }
                #expect(off < 2e-3, "case \(index), \(kernels.name): contrast off by \(off)")
            }
            let chain = AlignedFloats(count: Self.voxels)
            let noisy = zip(try file.floats("case0.affine_out"), try file.floats("chain.noise")).map { $0 + $1 }
            chain.pointer.update(from: noisy, count: noisy.count)
            kernels.changeContrast(chain.pointer, count: chain.count, gamma: Float(gamma[0]))
            augmentation.scale(chain.pointer, count: chain.count)
            let worst = zip(chain.array, try file.floats("chain.out")).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst < 5e-6, "\(kernels.name): chain off by \(worst)")
        }
    }
}
