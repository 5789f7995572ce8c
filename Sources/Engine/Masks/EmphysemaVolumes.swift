import Foundations
import Imaging

/// How much of each lung, and of each of its thirds, a mask covers; counted in the CT's own grid.
package struct EmphysemaVolumes: Codable, Equatable, Sendable {
    /// One region's volumes, mL.
    package struct Region: Codable, Equatable, Sendable {
        package var lung_ml: Double
        package var emphysema_ml: Double
        /// 100 · emphysema / lung; 0 where there is no lung.
        package var percent: Double { lung_ml > 0 ? 100 * emphysema_ml / lung_ml : 0 }

        enum CodingKeys: String, CodingKey { case lung_ml, emphysema_ml, percent }

        init(lung: Int, emphysema: Int, voxelMillilitres: Double) {
            lung_ml = Double(lung) * voxelMillilitres
            emphysema_ml = Double(emphysema) * voxelMillilitres
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            lung_ml = try container.decode(Double.self, forKey: .lung_ml)
            emphysema_ml = try container.decode(Double.self, forKey: .emphysema_ml)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(lung_ml, forKey: .lung_ml)
            try container.encode(emphysema_ml, forKey: .emphysema_ml)
            try container.encode(percent, forKey: .percent)
        }
    }

    /// A lung and its thirds of equal height between that lung's top and bottom.
    package struct Lung: Codable, Equatable, Sendable {
        package var whole: Region
        package var upper: Region
        package var middle: Region
        package var lower: Region
    }

    package var total: Region
    /// The patient's right lung.
    package var right: Lung
    package var left: Lung

    /// - Parameters:
    ///   - mask: not 0 where the subtype is.
    ///   - lungs: 1 right, 2 left, the same grid.
    package init(mask: Volume<UInt8>, lungs: Volume<UInt8>) {
        precondition(mask.sharesGrid(with: lungs), "EmphysemaVolumes: mask \(mask.extent) and lungs \(lungs.extent) are on different grids")
        let millilitres = lungs.voxelVolume / 1000
        let size = lungs.extent
        // Height above the origin is the world's z: thirds hold for oblique and flipped scans too.
        let rise = Point3(lungs.voxelToWorld.columnX.z, lungs.voxelToWorld.columnY.z, lungs.voxelToWorld.columnZ.z)
        func forEachVoxel(_ body: (_ index: Int, _ lung: Int, _ height: Double) -> Void) {
            var index = 0
            for z in 0..<size.z {
                for y in 0..<size.y {
                    let base = Double(y) * rise.y + Double(z) * rise.z
                    for x in 0..<size.x {
                        let label = lungs.voxels[index]
                        if label == 1 || label == 2 { body(index, Int(label) - 1, base + Double(x) * rise.x) }
                        index += 1
                    }
                }
            }
        }
        var low = [Double.infinity, .infinity]
        var high = [-Double.infinity, -.infinity]
        forEachVoxel { _, lung, height in
            low[lung] = min(low[lung], height)
            high[lung] = max(high[lung], height)
        }
        var lungCounts = [[Int]](repeating: [0, 0, 0], count: 2)
        var maskCounts = lungCounts
        forEachVoxel { index, lung, height in
            let span = max(high[lung] - low[lung], 1e-9)
            let third = min(2, Int((height - low[lung]) / span * 3))
            lungCounts[lung][third] += 1
            if mask.voxels[index] != 0 { maskCounts[lung][third] += 1 }
        }
        func lung(_ index: Int) -> Lung {
            func third(_ k: Int) -> Region {
                Region(lung: lungCounts[index][k], emphysema: maskCounts[index][k], voxelMillilitres: millilitres)
            }
            let whole = Region(
                lung: lungCounts[index].reduce(0, +), emphysema: maskCounts[index].reduce(0, +), voxelMillilitres: millilitres)
            return Lung(whole: whole, upper: third(2), middle: third(1), lower: third(0))
        }
        right = lung(0)
        left = lung(1)
        total = Region(
            lung: lungCounts.joined().reduce(0, +), emphysema: maskCounts.joined().reduce(0, +), voxelMillilitres: millilitres)
    }
}
