import Cohorts
import Foundation
import Foundations
import Imaging
import Masks
import TerminalKit

/// What lies under the cross-hair.
package struct CrosshairSample: Equatable {
    package let voxel: VoxelIndex
    package let hounsfield: Int
    /// The voxel's centre by the volume's full affine, RAS+ mm.
    package let position: Point3
    /// The continuous voxel of the atlas there; nil where the subject was not registered.
    package let atlas: Point3?
    /// The lung that holds it: `right`, `left`, `doubtful` for what may not be lung, or nil.
    package let lung: String?
    package let centrilobularProbability: Float?
    package let paraseptalProbability: Float?
    /// The subtypes that are marked there.
    package let kinds: [String]
    /// A prediction goes on that has not come here yet.
    package let isUnknown: Bool

    /// The voxel must lie in the volume.
    /// - Parameters:
    ///   - threshold: from which probability on a subtype is marked.
    ///   - partial: what is known of a prediction that goes on.
    package init(
        _ subject: LoadedSubject, _ voxel: VoxelIndex, threshold: MaskThreshold = .mask, partial: PartialPrediction? = nil
    ) {
        let volumes = subject.volumes
        self.voxel = voxel
        hounsfield = Int(volumes.ct[voxel])
        position = volumes.ct.voxelToWorld(voxel.point)
        atlas = volumes.registration?.voxel(position)
        switch volumes.lungs?[voxel] {
        case 1: lung = "right"
        case 2: lung = "left"
        case LungCorrection.doubtful: lung = "doubtful"
        default: lung = nil
        }
        let isLung = volumes.lungs.map { $0[voxel] != 0 } ?? true
        let known = isLung ? partial?.probabilities(at: voxel) : nil
        isUnknown = isLung && partial != nil && known == nil
        func sample(_ subtype: EmphysemaSubtype) -> (probability: Float?, isMarked: Bool) {
            guard let number = partial?.subtypes.firstIndex(of: subtype) else {
                let marked = MarkedVoxels(volumes[subtype], threshold)
                return (volumes[subtype].probability?[voxel], marked?.contains(volumes.ct.extent.offset(voxel)) ?? false)
            }
            return (known?[number], known.map { $0[number] >= threshold.probability } ?? false)
        }
        let (cle, pse) = (sample(.centrilobular), sample(.paraseptal))
        (centrilobularProbability, paraseptalProbability) = (cle.probability, pse.probability)
        kinds = (cle.isMarked ? ["CLE"] : []) + (pse.isMarked ? ["paraseptal"] : [])
    }

    /// Probabilities, short or with names spelled out.
    func probabilities(wide: Bool) -> String {
        func text(_ value: Float?) -> String { value.map { Text.fixed(Double($0), 2) } ?? "–" }
        let (cle, pse) = (text(centrilobularProbability), text(paraseptalProbability))
        return wide ? "centrilobular \(cle)   paraseptal \(pse)" : "CLE \(cle) PS \(pse)"
    }

    /// The atlas's voxel, x y z.
    func atlasVoxel(decimals: Int) -> String {
        atlas.map { at in [at.x, at.y, at.z].map { Text.fixed($0, decimals) }.joined(separator: " ") } ?? "–"
    }

    /// Right, anterior, superior with sign.
    func millimetres(decimals: Int) -> String {
        [position.x, position.y, position.z].map { String(format: "%+.\(decimals)f", $0) }.joined(separator: " ")
    }
}
