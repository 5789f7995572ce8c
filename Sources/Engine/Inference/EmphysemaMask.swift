import Cohorts
import Foundation
import Foundations
import Imaging
import Masks

/// A subtype's probabilities and mask in the CT's own grid, with its volumes.
package struct EmphysemaMask: Sendable {
    /// Probability from which a voxel counts.
    package static let threshold: Float = 0.5

    package let subtype: EmphysemaSubtype
    /// 0…1 in steps of 1/1024 inside the lungs, 0 outside.
    package let probability: Volume<Float>
    /// 1 where probability ≥ 0.5 inside the lungs.
    package let mask: Volume<UInt8>
    package let volumes: EmphysemaVolumes
    /// The voxels of the lesions, and what of the low-density lung they are; nil before `withLesions`.
    package private(set) var lesions: (mask: Volume<UInt8>, volumes: LesionVolumes)?

    /// Between lattice points trilinear to 1 mm voxels, then trilinear to the CT's grid, then cut to the lungs.
    init(lattice: DenseClassifier.Lattice, subtype: EmphysemaSubtype, image: PreparedImage, parallel: Parallel) throws {
        self.subtype = subtype
        let fine = Self.millimetres(lattice, grid: image.image, parallel: parallel)
        let lungs = image.lungs
        var probability = try Resampler.linear(fine, onto: lungs.extent, voxelToWorld: lungs.voxelToWorld, parallel: parallel)
        var mask = Volume<UInt8>(extent: lungs.extent, voxelToWorld: lungs.voxelToWorld, repeating: 0)
        for i in lungs.voxels.indices {
            guard lungs.voxels[i] != 0 else {
                probability.voxels[i] = 0
                continue
            }
            if probability.voxels[i] >= Self.threshold { mask.voxels[i] = 1 }
            // Finer steps mean nothing and would not compress.
            probability.voxels[i] = (probability.voxels[i] * 1024).rounded() / 1024
        }
        self.probability = probability
        self.mask = mask
        volumes = EmphysemaVolumes(mask: mask, lungs: lungs)
    }

    /// Trilinear values at 1 mm; points that were not computed count as 0: no lung voxel touches them.
    private static func millimetres(_ lattice: DenseClassifier.Lattice, grid: Volume<Int16>, parallel: Parallel) -> Volume<Float> {
        let size = grid.extent
        let e = lattice.extent
        let s = lattice.stride
        let values = lattice.values.withUnsafeBufferPointer { points in
            parallel.makeArray(count: size.count, pieces: size.z) { (z: Int, target: UnsafeMutableBufferPointer<Float>) in
                let fz = Float(z % s) / Float(s)
                for y in 0..<size.y {
                    let fy = Float(y % s) / Float(s)
                    let row = (z * size.y + y) * size.x
                    for x in 0..<size.x {
                        let fx = Float(x % s) / Float(s)
                        let base = (z / s * e.y + y / s) * e.x + x / s
                        func at(_ dx: Int, _ dy: Int, _ dz: Int) -> Float {
                            let value = points[base + (dz * e.y + dy) * e.x + dx]
                            return value.isNaN ? 0 : value
                        }
                        let a = (at(0, 0, 0) * (1 - fx) + at(1, 0, 0) * fx) * (1 - fy) + (at(0, 1, 0) * (1 - fx) + at(1, 1, 0) * fx) * fy
                        let b = (at(0, 0, 1) * (1 - fx) + at(1, 0, 1) * fx) * (1 - fy) + (at(0, 1, 1) * (1 - fx) + at(1, 1, 1) * fx) * fy
                        target[row + x] = a * (1 - fz) + b * fz
                    }
                }
            }
        }
        return Volume(extent: size, voxelToWorld: grid.voxelToWorld, voxels: values)
    }

    /// Segments a CT for the given classifiers, all of one encoder or each with its own.
    /// - Parameters:
    ///   - lungs: labels 0, 1, 2 in the CT's grid are part of `image`.
    ///   - progress: (points done, points in all) of the encoder at work.
    /// - Returns: masks in the order of the classifiers and the voxels that were classified; nil where cancelled.
    package static func segment(
        _ image: PreparedImage, atlas: Atlas, classifiers: [Classifier], stride: Int, parallel: Parallel,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> (masks: [EmphysemaMask], points: Int)? {
        let lungs = try image.millimetreLungs(parallel: parallel)
        var masks = [EmphysemaMask?](repeating: nil, count: classifiers.count)
        var total = 0
        for members in byEncoder(classifiers) {
            let dense = DenseClassifier(
                image: image, atlas: atlas, classifiers: members.map { classifiers[$0] }, stride: stride, parallel: parallel)
            guard let found = dense.run(lungs: lungs, progress: progress, isCancelled: isCancelled) else { return nil }
            total += found.points
            for (lattice, member) in zip(found.lattices, members) {
                masks[member] = try EmphysemaMask(lattice: lattice, subtype: classifiers[member].subtype, image: image, parallel: parallel)
            }
        }
        return (masks.compactMap { $0 }, total)
    }

    /// A subject's masks with their lesions.
    /// - Parameters:
    ///   - masks: in the order of the classifiers.
    ///   - ct: the CT in its own grid.
    package static func withLesions(
        _ masks: [EmphysemaMask], classifiers: [Classifier], ct: Volume<Int16>, lungs: Volume<UInt8>, parallel: Parallel
    ) -> [EmphysemaMask] {
        let from = classifiers.map { $0.skill?.lesionProbability ?? Double(threshold) }
        let low = LesionMask.lowAttenuation(ct, lungs: lungs)
        let all = EmphysemaVolumes(mask: low, lungs: lungs)
        let found = LesionMask.find(
            in: ct, lungs: lungs, subtypes: masks.map(\.subtype), chances: masks.map(\.probability), from: from, parallel: parallel)
        return masks.indices.map { index in
            var own = low
            for i in own.voxels.indices where own.voxels[i] != 0 {
                let owner = LesionMask.likeliest(count: masks.count, from: from) { masks[$0].probability.voxels[i] }
                if owner != index { own.voxels[i] = 0 }
            }
            var mask = masks[index]
            mask.lesions = (
                found[index],
                LesionVolumes(
                    lesion: EmphysemaVolumes(mask: found[index], lungs: lungs), lowAttenuation: EmphysemaVolumes(mask: own, lungs: lungs),
                    allLowAttenuation: all)
            )
            return mask
        }
    }

    /// The classifiers' numbers, those of one encoder together.
    static func byEncoder(_ classifiers: [Classifier]) -> [[Int]] {
        Dictionary(grouping: classifiers.indices) { classifiers[$0].encoder.checksum }.values.sorted { $0[0] < $1[0] }
    }
}

extension PreparedImage {
    /// The lung labels on the 1 mm grid.
    func millimetreLungs(parallel: Parallel) throws -> Volume<UInt8> {
        try Resampler.nearest(lungs, onto: image.extent, voxelToWorld: image.voxelToWorld, fill: UInt8(0), parallel: parallel)
    }
}
