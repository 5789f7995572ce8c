import Foundations

/// A 32 mm box that an expert might have marked.
package struct PhantomBox: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case cle, paraseptal, healthy
    }

    package let kind: Kind
    /// RAS mm.
    package let centre: Point3
}

/// Chooses a few boxes of each kind from the truth.
enum PhantomBoxes {
    /// Side of a box and distance between the samples taken of it, mm.
    private static let side = 32.0
    private static let step = 4.0
    private static let perKind = 4
    /// Boxes of one kind keep this distance between their centres, mm.
    private static let separation = 14.0

    /// What one sample shows.
    private struct Counts {
        var lung = 0
        var foci = 0
        var cysts = 0
    }

    static func choose(in scan: PhantomScan, bounds: (lower: Point3, upper: Point3), _ random: inout SeededGenerator) -> [PhantomBox] {
        let samples = Samples(scan, bounds: bounds)
        let places = samples.centres()
        let order = random.permutation(places.count)
        var boxes: [PhantomBox] = []
        for kind in PhantomBox.Kind.allCases {
            var chosen: [PhantomBox] = []
            for index in order where chosen.count < perKind {
                let (centre, counts) = places[index]
                guard fits(kind, counts), chosen.allSatisfy({ length($0.centre - centre) >= separation }) else { continue }
                chosen.append(PhantomBox(kind: kind, centre: centre))
            }
            boxes += chosen
        }
        return boxes
    }

    private static func fits(_ kind: PhantomBox.Kind, _ counts: Counts) -> Bool {
        let samples = side / step * (side / step) * (side / step)
        let lung = Double(counts.lung) / samples
        let foci = Double(counts.foci) / samples
        let cysts = Double(counts.cysts) / samples
        switch kind {
        case .cle: return lung > 0.5 && foci > 0.1 && foci > 3 * cysts
        case .paraseptal: return lung > 0.35 && cysts > 0.08 && cysts > 1.5 * foci
        // Wherever there is lung, its borders among them: else a part of a box that lies outside the lungs would tell disease.
        case .healthy: return counts.foci + counts.cysts == 0
        }
    }

    /// The truth on a coarse lattice along the patient's axes.
    private struct Samples {
        private let lower: Point3
        private let extent: Extent3
        /// 0 outside, 1 healthy lung, 2 focus, 3 cyst.
        private var kinds: [UInt8]

        init(_ scan: PhantomScan, bounds: (lower: Point3, upper: Point3)) {
            let size = bounds.upper - bounds.lower
            lower = bounds.lower
            extent = Extent3(x: Int(size.x / step), y: Int(size.y / step), z: Int(size.z / step))
            kinds = Array(repeating: 0, count: extent.count)
            guard let toVoxel = scan.lungs.voxelToWorld.inverse else { return }
            var index = 0
            for z in 0..<extent.z {
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        let voxel = VoxelIndex(nearestTo: toVoxel(lower + Point3(Double(x), Double(y), Double(z)) * step))
                        if scan.lungs.extent.contains(voxel), scan.lungs[voxel] != 0 {
                            kinds[index] = scan.paraseptal[voxel] != 0 ? 3 : scan.centrilobular[voxel] != 0 ? 2 : 1
                        }
                        index += 1
                    }
                }
            }
        }

        /// The centres of all boxes on the lattice, every second node along each axis, that hold lung, with what they hold.
        func centres() -> [(centre: Point3, counts: Counts)] {
            let width = Int(side / step)
            var found: [(Point3, Counts)] = []
            for z in stride(from: 0, through: extent.z - width, by: 2) {
                for y in stride(from: 0, through: extent.y - width, by: 2) {
                    for x in stride(from: 0, through: extent.x - width, by: 2) {
                        let middle = kinds[extent.offset(VoxelIndex(x: x + width / 2, y: y + width / 2, z: z + width / 2))]
                        guard middle != 0 else { continue }
                        var counts = Counts()
                        for row in 0..<width * width {
                            let start = extent.offset(VoxelIndex(x: x, y: y + row % width, z: z + row / width))
                            for kind in kinds[start..<start + width] where kind != 0 {
                                counts.lung += 1
                                if kind == 2 { counts.foci += 1 }
                                if kind == 3 { counts.cysts += 1 }
                            }
                        }
                        let corner = lower + Point3(Double(x), Double(y), Double(z)) * step
                        found.append((corner + Point3(repeating: (side - step) / 2), counts))
                    }
                }
            }
            return found
        }
    }
}
