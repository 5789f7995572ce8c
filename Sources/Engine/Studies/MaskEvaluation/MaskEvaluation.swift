import Foundations
import Imaging
import Inference
import Masks

/// How well masks of one subtype meet the truth of phantoms, over several subjects.
package struct MaskEvaluation: Sendable {
    /// Of one subject.
    package struct Subject: Sendable {
        package let id: String
        /// The region mask against the region that a reader would mark, and the lesion mask against the lesions.
        package let region, lesion: MaskAgreement
        /// Voxels of lung with each probability, in steps of 1/1024: inside and outside of the region.
        fileprivate let inside, outside: [Int]
        package let lungVoxels: Int
        /// Neither subtype is in the subject.
        package let isHealthy: Bool
    }

    package private(set) var subjects: [Subject] = []

    package init() {}

    private static let levels = 1024

    /// - Parameters:
    ///   - region, lesion: the masks.
    ///   - probability: nil for a method without probabilities, whose region mask stands for it.
    ///   - truth: the region that a reader would mark, and the lesions.
    package mutating func add(
        _ id: String, region: Volume<UInt8>, lesion: Volume<UInt8>, probability: Volume<Float>?,
        truth: (region: Volume<UInt8>, lesion: Volume<UInt8>), lungs: Volume<UInt8>, isHealthy: Bool
    ) {
        var inside = [Int](repeating: 0, count: Self.levels + 1)
        var outside = inside
        var lungVoxels = 0
        for i in lungs.voxels.indices where lungs.voxels[i] != 0 {
            let chance = probability?.voxels[i] ?? (region.voxels[i] == 0 ? 0 : 1)
            let level = min(Self.levels, Int(chance * Float(Self.levels)))
            if truth.region.voxels[i] != 0 { inside[level] += 1 } else { outside[level] += 1 }
            lungVoxels += 1
        }
        subjects.append(
            Subject(
                id: id, region: MaskAgreement(mask: region, truth: truth.region), lesion: MaskAgreement(mask: lesion, truth: truth.lesion),
                inside: inside, outside: outside, lungVoxels: lungVoxels, isHealthy: isHealthy))
    }

    /// Over all subjects; nil where there is nothing to find and nothing found.
    package var regionDice: Double? { MaskAgreement.dice(subjects.map(\.region)) }
    package var lesionDice: Double? { MaskAgreement.dice(subjects.map(\.lesion)) }

    /// Mean of |found - true| / true over the subjects that have a region; nil where none has.
    package var volumeError: Double? {
        let errors = subjects.compactMap { subject -> Double? in
            let (found, truth) = (Double(subject.region.predicted), Double(subject.region.truth))
            return truth > 0 ? abs(found - truth) / truth : nil
        }
        return errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    }

    /// Of the voxels of subjects that have lesions: whether those of the region have the higher probability; nil where there is no region.
    package var areaUnderCurve: Double? {
        let diseased = subjects.filter { $0.lesion.truth > 0 }
        var (below, pairs, positives, negatives) = (0.0, 0.0, 0.0, 0.0)
        for level in 0...Self.levels {
            let inside = Double(diseased.reduce(0) { $0 + $1.inside[level] })
            let outside = Double(diseased.reduce(0) { $0 + $1.outside[level] })
            pairs += inside * (below + outside / 2)
            below += outside
            positives += inside
            negatives += outside
        }
        return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : nil
    }

    /// Mean part of the lung that is marked in subjects without any disease; nil where there is none.
    package var healthyShare: Double? {
        let healthy = subjects.filter(\.isHealthy)
        guard !healthy.isEmpty else { return nil }
        return healthy.reduce(0) { $0 + Double($1.region.predicted) / Double(max(1, $1.lungVoxels)) } / Double(healthy.count)
    }
}
