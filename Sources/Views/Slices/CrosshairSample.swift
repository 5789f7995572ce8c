import Engine
import Foundation

/// What lies under the cross-hair.
package struct CrosshairSample: Equatable {
    package let voxel: VoxelIndex
    package let hounsfield: Int
    /// The voxel's centre by the volume's full affine, RAS+ mm.
    package let position: Point3
    /// The lung that holds it: `right`, `left`, or nil.
    package let lung: String?
    package let centrilobularProbability: Float?
    package let paraseptalProbability: Float?
    /// The subtypes whose mask holds the voxel.
    package let kinds: [String]

    /// The voxel must lie in the volume.
    package init(_ subject: LoadedSubject, _ voxel: VoxelIndex) {
        let volumes = subject.volumes
        self.voxel = voxel
        hounsfield = Int(volumes.ct[voxel])
        position = volumes.ct.voxelToWorld(voxel.point)
        switch volumes.lungs?[voxel] {
        case 1: lung = "right"
        case 2: lung = "left"
        default: lung = nil
        }
        centrilobularProbability = volumes.centrilobular.probability?[voxel]
        paraseptalProbability = volumes.paraseptal.probability?[voxel]
        let inCentrilobular = volumes.centrilobular.mask.map { $0[voxel] != 0 } ?? false
        let inParaseptal = volumes.paraseptal.mask.map { $0[voxel] != 0 } ?? false
        kinds = (inCentrilobular ? ["CLE"] : []) + (inParaseptal ? ["paraseptal"] : [])
    }

    /// Probabilities, short or with names spelled out.
    func probabilities(wide: Bool) -> String {
        func text(_ value: Float?) -> String { value.map { Text.fixed(Double($0), 2) } ?? "–" }
        let (cle, pse) = (text(centrilobularProbability), text(paraseptalProbability))
        return wide ? "centrilobular \(cle)   paraseptal \(pse)" : "CLE \(cle) PS \(pse)"
    }

    /// Right, anterior, superior with sign.
    func millimetres(decimals: Int) -> String {
        [position.x, position.y, position.z].map { String(format: "%+.\(decimals)f", $0) }.joined(separator: " ")
    }
}
