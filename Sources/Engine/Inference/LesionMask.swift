import Cohorts
import Foundation
import Foundations
import Imaging
import Masks

/// The voxels of a subtype's lesions: what is low in density where the classifier says that the subtype is about.
///
/// A box of 32 mm says that there is emphysema of a kind, not which voxels. Low is below -950 HU after smoothing within the lung (σ 0.6 mm).
/// Centrilobular foci have no walls: what is low is closed over 2 mm, which joins foci and takes in the vessels between. Paraseptal cysts have: what is
/// left of the low voxels after opening by 1 mm is given back its rim and a wall of 2.2 mm together. Voxels where both subtypes are about belong to the
/// likelier. Ours: docs/method.md section 5.
package enum LesionMask {
    package static let hounsfield: Float = -950
    private static let sigma = 0.6
    private static let closing = 2.0
    private static let opening = 1.0
    private static let wall = 2.2
    /// Smaller lesions are specks of noise, mm³.
    package static let leastCubicMillimetres = 8.0

    /// Finds the lesions of a subject.
    /// - Parameters:
    ///   - ct: HU.
    ///   - lungs: the same grid, 0 outside.
    ///   - chances: the probability of each subtype, the same grid.
    ///   - probabilities: of each subtype, from which on lesions are looked for.
    /// - Returns: one mask each, no voxel in two.
    package static func find(
        in ct: Volume<Int16>, lungs: Volume<UInt8>, subtypes: [EmphysemaSubtype], chances maps: [Volume<Float>],
        from probabilities: [Double], parallel: Parallel
    ) -> [Volume<UInt8>] {
        precondition(ct.sharesGrid(with: lungs), "LesionMask: CT \(ct.extent) and lungs \(lungs.extent) are on different grids")
        let box = LungBox(lungs)
        let spacing = ct.spacingMillimetres
        let inside = box.cropped(lungs)
        let smooth = LungSmoothing(extent: box.extent, spacing: spacing, sigma: sigma).smoothed(
            box.cropped(ct), lungs: inside, parallel: parallel)
        let low = inside.indices.map { inside[$0] != 0 && smooth[$0] < hounsfield ? UInt8(1) : 0 }
        let chances = maps.map { box.cropped($0) }
        func within(_ mask: [UInt8], _ reach: Double, of isMarked: (UInt8) -> Bool) -> [Bool] {
            let limit = Float(reach * reach) * 1.0001
            return DistanceMap.squared(
                to: isMarked, in: mask, extent: box.extent, spacingMillimetres: spacing, within: reach, parallel: parallel
            ).map { $0 <= limit }
        }
        return subtypes.indices.map { index in
            let shape: [Bool]
            switch subtypes[index] {
            case .centrilobular:
                let grown = within(low, closing) { $0 != 0 }.map { $0 ? UInt8(1) : 0 }
                shape = within(grown, closing) { $0 == 0 }.map { !$0 }
            case .paraseptal:
                let cores = within(low, opening) { $0 == 0 }.map { $0 ? UInt8(0) : 1 }
                shape = within(cores, opening + wall) { $0 != 0 }
            }
            var found = [UInt8](repeating: 0, count: shape.count)
            for i in shape.indices where shape[i] && inside[i] != 0 {
                if likeliest(count: subtypes.count, from: probabilities, chance: { chances[$0][i] }) == index { found[i] = 1 }
            }
            let least = Int((leastCubicMillimetres / ct.voxelVolume).rounded(.up))
            let components = ConnectedComponents(of: found, extent: box.extent) { $0 != 0 }
            for i in found.indices where found[i] != 0 && components.sizes[Int(components.labels[i])] < least { found[i] = 0 }
            return box.spread(found, over: ct)
        }
    }

    /// The subtype that a voxel belongs to: of those that are about there the likeliest, of equals the first; nil where none is.
    static func likeliest(count: Int, from probabilities: [Double], chance: (Int) -> Float) -> Int? {
        var best: Int?
        for subtype in 0..<count where Double(chance(subtype)) >= probabilities[subtype] {
            if best.map({ chance(subtype) > chance($0) }) ?? true { best = subtype }
        }
        return best
    }

    /// The lung's voxels below -950 HU, unsmoothed: LAA-950.
    package static func lowAttenuation(_ ct: Volume<Int16>, lungs: Volume<UInt8>) -> Volume<UInt8> {
        var result = lungs
        for i in lungs.voxels.indices { result.voxels[i] = lungs.voxels[i] != 0 && Float(ct.voxels[i]) < hounsfield ? 1 : 0 }
        return result
    }
}
