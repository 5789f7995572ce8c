import Foundations
import Imaging

/// A drawn thorax: body, two lungs, windpipe, main and lobar bronchi, ribs where asked for; and what befalls real scans.
struct DrawnThorax {
    /// What is changed, points in RAS+ mm.
    struct Changes {
        /// HU at a point that the change decides; nil leaves what is there.
        var hounsfield: (Point3) -> Double? = { _ in nil }
        /// True where lung is no longer air, though still lung.
        var isAirless: (Point3) -> Bool = { _ in false }
    }

    static let spacing = 3.0
    let ct: Volume<Int16>
    /// 0, 1 right, 2 left.
    let truth: Volume<UInt8>
    /// Lumen of windpipe, main and lobar bronchi, less its outermost layer.
    let lumen: [Airway: [Int]]

    enum Airway: CaseIterable {
        case windpipe, main, lobar
    }

    /// A straight piece of an airway, RAS+ mm.
    private struct Tube {
        let kind: Airway
        let start, end: Point3
        let radius: Double

        func distance(to p: Point3) -> Double {
            let along = end - start
            let share = min(max(dot(p - start, along) / dot(along, along), 0), 1)
            return length(p - start - along * share)
        }
    }

    private static let tubes = [
        Tube(kind: .windpipe, start: [0, -60, 160], end: [0, -60, 20], radius: 8),
        Tube(kind: .main, start: [0, -60, 20], end: [34, -60, -10], radius: 6.5),
        Tube(kind: .main, start: [0, -60, 20], end: [-40, -60, -10], radius: 6),
        Tube(kind: .lobar, start: [24, -60, -1], end: [50, -52, 25], radius: 4.5),
        Tube(kind: .lobar, start: [34, -60, -10], end: [50, -48, -48], radius: 4.5),
        Tube(kind: .lobar, start: [-40, -60, -10], end: [-66, -48, 12], radius: 4.5),
        Tube(kind: .lobar, start: [-40, -60, -10], end: [-54, -48, -50], radius: 4.5),
    ]

    /// Whether bone lies there: a spine, and ribs that descend to the front.
    static func isBone(_ p: Point3) -> Bool {
        if length([p.x, p.y + 108, 0]) < 14 { return true }
        let shell = length(Point3(p.x, p.y, 0) / [146, 102, 1])
        let along = (p.z + 0.3 * (p.y + 100)) / 26
        return shell > 1 && shell < 1.06 && abs(along - along.rounded()) * 26 < 6
    }

    init(_ changes: Changes = Changes(), spacing: Double = Self.spacing, hasRibs: Bool = false) {
        let extent = Extent3(x: Int(360 / spacing) + 1, y: Int(270 / spacing) + 1, z: Int(285 / spacing) + 1)
        let voxelToWorld = Affine3(scale: [-spacing, -spacing, spacing], translation: [180, 135, -145])
        // No two voxels of lumen and lung touch, not even by their corners.
        let wall = 3.0.squareRoot() * spacing + 0.1
        var ct = Volume<Int16>(extent: extent, voxelToWorld: voxelToWorld, repeating: -1000)
        var truth = Volume<UInt8>(extent: extent, voxelToWorld: voxelToWorld, repeating: 0)
        var lumen: [Airway: [Int]] = [:]
        var generator = SeededGenerator(name: "drawn thorax")
        ct.forEachVoxel { voxel, index in
            let p = voxelToWorld(voxel.point)
            var hounsfield = -1000.0
            if length(Point3(p.x, p.y, 0) / [170, 125, 1]) < 1 { hounsfield = 30 }
            let side: UInt8 = p.x > 0 ? 1 : 2
            if length((p - [side == 1 ? 71 : -71, 0, 10]) / [66, 90, 110]) < 1, p.z > Self.base {
                hounsfield = changes.isAirless(p) ? 35 : -860
                truth.voxels[index] = side
            }
            if hasRibs, Self.isBone(p) { hounsfield = 500 }
            // Of the tubes the one whose lumen is nearest.
            let airways = abs(p.x) < 90 && p.y < -20 ? Self.tubes.map { (kind: $0.kind, distance: $0.distance(to: p) - $0.radius) } : []
            if let nearest = airways.min(by: { $0.distance < $1.distance }), nearest.distance < wall {
                hounsfield = nearest.distance < 0 ? -990 : 20
                truth.voxels[index] = 0
                if nearest.distance < -1.5 { lumen[nearest.kind, default: []].append(index) }
            }
            if let changed = changes.hounsfield(p) { hounsfield = changed }
            ct.voxels[index] = Int16(max(-1023, hounsfield + 20 * generator.normal()))
        }
        self.ct = ct
        self.truth = truth
        self.lumen = lumen
    }

    /// Height of the lungs' flat lower surface, mm.
    static let base = -70.0

    /// Gas of the stomach under the left lung, with fluid behind it, and a spot of the wall so thin that it is blurred away.
    static func stomach(_ p: Point3) -> Double? {
        let isInside = length((p - [-70, 20, -105]) / [45, 40, 32]) < 1 && p.z < base - 4
        guard isInside else {
            let isThin = p.z <= base && p.z >= base - 4 && length([p.x + 70, p.y - 25, 0]) < 9
            return isThin ? -520 : nil
        }
        return p.y > 5 ? -1000 : 10
    }

    /// Everything around in empty voxels.
    static func padded(_ ct: Volume<Int16>, below: Int, above: Int, around: Int) -> Volume<Int16> {
        let old = ct.extent
        let extent = Extent3(x: old.x + 2 * around, y: old.y + 2 * around, z: old.z + below + above)
        var result = Volume<Int16>(
            extent: extent, voxelToWorld: ct.voxelToWorld.shifted(to: Point3(Double(-around), Double(-around), Double(-below))),
            repeating: -1024)
        ct.forEachVoxel { voxel, index in
            result[VoxelIndex(x: voxel.x + around, y: voxel.y + around, z: voxel.z + below)] = ct.voxels[index]
        }
        return result
    }

    /// The columns of x from `first` on.
    static func cropped(_ ct: Volume<Int16>, from first: Int) -> Volume<Int16> {
        let extent = Extent3(x: ct.extent.x - first, y: ct.extent.y, z: ct.extent.z)
        var result = Volume<Int16>(
            extent: extent, voxelToWorld: ct.voxelToWorld.shifted(to: Point3(Double(first), 0, 0)), repeating: 0)
        result.forEachVoxel { voxel, index in result.voxels[index] = ct[VoxelIndex(x: voxel.x + first, y: voxel.y, z: voxel.z)] }
        return result
    }

    func millilitres(_ side: UInt8, where isCounted: (Point3) -> Bool = { _ in true }) -> Double {
        var count = 0
        truth.forEachVoxel { voxel, index in
            if truth.voxels[index] == side, isCounted(truth.voxelToWorld(voxel.point)) { count += 1 }
        }
        return Double(count) * truth.voxelVolume / 1000
    }
}

extension Affine3 {
    /// The same map for a grid whose first voxel lies at `origin` of this one.
    fileprivate func shifted(to origin: Point3) -> Affine3 {
        Affine3(columnX: columnX, columnY: columnY, columnZ: columnZ, translation: self(origin))
    }
}
