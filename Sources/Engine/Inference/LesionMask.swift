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
                let chance = chances[index][i]
                guard Double(chance) >= probabilities[index] else { continue }
                let isLikeliest = chances.indices.allSatisfy { other in
                    other == index || Double(chances[other][i]) < probabilities[other] || chances[other][i] < chance
                        || (chances[other][i] == chance && index < other)
                }
                if isLikeliest { found[i] = 1 }
            }
            let least = Int((leastCubicMillimetres / ct.voxelVolume).rounded(.up))
            let components = ConnectedComponents(of: found, extent: box.extent) { $0 != 0 }
            for i in found.indices where found[i] != 0 && components.sizes[Int(components.labels[i])] < least { found[i] = 0 }
            return box.spread(found, over: ct)
        }
    }

    /// The lung's voxels below -950 HU, unsmoothed: LAA-950.
    package static func lowAttenuation(_ ct: Volume<Int16>, lungs: Volume<UInt8>) -> Volume<UInt8> {
        var result = lungs
        for i in lungs.voxels.indices { result.voxels[i] = lungs.voxels[i] != 0 && Float(ct.voxels[i]) < hounsfield ? 1 : 0 }
        return result
    }
}

/// The part of a grid that holds the lungs, with two voxels around it where there are so many.
private struct LungBox {
    let lower: VoxelIndex
    let extent: Extent3

    init(_ lungs: Volume<UInt8>) {
        var low = VoxelIndex(x: .max, y: .max, z: .max)
        var high = VoxelIndex(x: -1, y: -1, z: -1)
        var index = 0
        for z in 0..<lungs.extent.z {
            for y in 0..<lungs.extent.y {
                for x in 0..<lungs.extent.x {
                    if lungs.voxels[index] != 0 {
                        low = VoxelIndex(x: min(low.x, x), y: min(low.y, y), z: min(low.z, z))
                        high = VoxelIndex(x: max(high.x, x), y: max(high.y, y), z: max(high.z, z))
                    }
                    index += 1
                }
            }
        }
        guard high.x >= 0 else {
            (lower, extent) = (VoxelIndex(x: 0, y: 0, z: 0), Extent3(cube: 1))
            return
        }
        func range(_ axis: Int) -> (Int, Int) {
            let first = max(0, low[axis] - 2)
            return (first, min(lungs.extent[axis] - 1, high[axis] + 2) - first + 1)
        }
        let (x, y, z) = (range(0), range(1), range(2))
        lower = VoxelIndex(x: x.0, y: y.0, z: z.0)
        extent = Extent3(x: x.1, y: y.1, z: z.1)
    }

    func cropped<Voxel>(_ volume: Volume<Voxel>) -> [Voxel] {
        var result: [Voxel] = []
        result.reserveCapacity(extent.count)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let start = volume.extent.offset(VoxelIndex(x: lower.x, y: lower.y + y, z: lower.z + z))
                result += volume.voxels[start..<start + extent.x]
            }
        }
        return result
    }

    func spread(_ voxels: [UInt8], over ct: Volume<Int16>) -> Volume<UInt8> {
        var result = Volume<UInt8>(extent: ct.extent, voxelToWorld: ct.voxelToWorld, repeating: 0)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                let start = ct.extent.offset(VoxelIndex(x: lower.x, y: lower.y + y, z: lower.z + z))
                for x in 0..<extent.x { result.voxels[start + x] = voxels[(z * extent.y + y) * extent.x + x] }
            }
        }
        return result
    }
}
