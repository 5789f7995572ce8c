import Cohorts
import Foundation
import Imaging

/// Where a reader would mark a subtype: lung voxels around which lesions fill enough of the 32 mm box.
///
/// The classifiers learn from boxes and answer for boxes: a voxel of healthy lung between two foci is rightly within their mask, though no
/// lesion lies in it.
enum LesionRegion {
    /// Part of the box that is lesion, from which phantoms' boxes are marked: foci, cysts.
    static func leastFraction(_ subtype: EmphysemaSubtype) -> Double { subtype == .centrilobular ? 0.1 : 0.08 }

    /// - Parameters:
    ///   - lesions: not 0 inside lesions.
    ///   - lungs: the same grid; 0 outside.
    /// - Returns: 1 where the box around a lung voxel holds enough.
    static func voxels(_ lesions: Volume<UInt8>, lungs: Volume<UInt8>, subtype: EmphysemaSubtype) -> Volume<UInt8> {
        let least = Float(leastFraction(subtype))
        return fractions(lesions, lungs: lungs).mapVoxels { $0 >= least ? 1 : 0 }
    }

    /// The part of the box around each lung voxel that is lesion; 0 outside the lungs.
    static func fractions(_ lesions: Volume<UInt8>, lungs: Volume<UInt8>) -> Volume<Float> {
        precondition(
            lesions.sharesGrid(with: lungs), "LesionRegion: lesions \(lesions.extent) and lungs \(lungs.extent) are on different grids")
        let size = lesions.extent
        let spacing = lesions.spacingMillimetres
        var sums = lesions.voxels.map { Int32($0 == 0 ? 0 : 1) }
        var inBox = 1
        let strides = [1, size.x, size.x * size.y]
        for axis in 0..<3 {
            let half = Int((Double(Atlas.patchSide) / 2 / spacing[axis]).rounded())
            inBox *= 2 * half + 1
            for start in 0..<size.count where start / strides[axis] % size[axis] == 0 {
                runningSums(&sums, start: start, stride: strides[axis], count: size[axis], half: half)
            }
        }
        return Volume(
            extent: size, voxelToWorld: lesions.voxelToWorld,
            voxels: sums.indices.map { lungs.voxels[$0] != 0 ? Float(sums[$0]) / Float(inBox) : 0 })
    }

    /// Replaces each value of a row by the sum of those up to `half` places away.
    private static func runningSums(_ values: inout [Int32], start: Int, stride: Int, count: Int, half: Int) {
        var before = [Int32](repeating: 0, count: count + 1)
        for i in 0..<count { before[i + 1] = before[i] + values[start + i * stride] }
        for i in 0..<count { values[start + i * stride] = before[min(count, i + half + 1)] - before[max(0, i - half)] }
    }
}
