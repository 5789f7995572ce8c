import Foundation
import Foundations

/// One random augmentation: everything that distinguishes a view of a patch from another.
///
/// A draw is a function of (seed, epoch, landmark, subject, view), never of the order of calls. Source: docs/method.md section 4; the
/// release's MONAI transforms `RandAffine`, `RandGaussianNoise`, `RandAdjustContrast`.
package struct AugmentationDraw: Equatable {
    /// Which of a sample's views: the query, the key, or the stack of its neighbours.
    package enum View: UInt64 {
        case query = 0
        case key = 1
        case neighbours = 2
    }

    /// Output voxel → source voxel, array axes (z, y, x), about the patch's centre, 3×4 row-major.
    package var matrix: [Double]
    /// σ of the Gaussian noise in HU; 0 for none.
    package var noiseDeviation: Float
    package var noiseKey: UInt64
    /// Exponent of the contrast change; 1 for none.
    package var gamma: Float

    /// Rotation about each array axis, radians; translation, voxels; scale: grid matrix = Rx(r₀) Ry(r₁) Rz(r₂) · T(t) · S(s).
    package static func matrix(rotation r: Point3, translation t: Point3, scale s: Point3) -> [Double] {
        // Named after array axes 0, 1, 2.
        let about0 = Affine3(columnX: [1, 0, 0], columnY: [0, cos(r.x), sin(r.x)], columnZ: [0, -sin(r.x), cos(r.x)], translation: .zero)
        let about1 = Affine3(columnX: [cos(r.y), 0, -sin(r.y)], columnY: [0, 1, 0], columnZ: [sin(r.y), 0, cos(r.y)], translation: .zero)
        let about2 = Affine3(columnX: [cos(r.z), sin(r.z), 0], columnY: [-sin(r.z), cos(r.z), 0], columnZ: [0, 0, 1], translation: .zero)
        let map = about0 * about1 * about2 * Affine3(scale: Point3(1, 1, 1), translation: t) * Affine3(scale: s)
        return Array(map.rowMajor[0..<12])
    }

    package init(matrix: [Double], noiseDeviation: Float = 0, noiseKey: UInt64 = 0, gamma: Float = 1) {
        self.matrix = matrix
        self.noiseDeviation = noiseDeviation
        self.noiseKey = noiseKey
        self.gamma = gamma
    }

    /// Draws rotation U(±π/18) and translation U(±12 voxels) and scale 1 + U(±0.1) for each axis; with probability ¼ noise of σ ~ U(0, 50);
    /// with probability ¼ contrast of γ ~ U(0.5, 4.5); or as `ranges` say.
    package init(seed: UInt64, epoch: Int, landmark: Int, subject: Int, view: View, ranges: AugmentationRanges = .init()) {
        var generator = SeededGenerator(seed, .augmentation, UInt64(epoch), UInt64(landmark), UInt64(subject), view.rawValue)
        func triple(_ bound: Double) -> Point3 {
            Point3(generator.uniform(-bound, bound), generator.uniform(-bound, bound), generator.uniform(-bound, bound))
        }
        let rotation = triple(ranges.rotation)
        let translation = triple(ranges.translation)
        let scale = triple(ranges.scale) + 1
        let noisy = generator.uniform() < ranges.noiseProbability
        let deviation = generator.uniform(0, 50)
        let contrasted = generator.uniform() < ranges.contrastProbability
        let exponent = generator.uniform(0.5, 4.5)
        self.init(
            matrix: Self.matrix(rotation: rotation, translation: translation, scale: scale), noiseDeviation: noisy ? Float(deviation) : 0,
            noiseKey: generator.next(), gamma: contrasted ? Float(exponent) : 1)
    }
}
