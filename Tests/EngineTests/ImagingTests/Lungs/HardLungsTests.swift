import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Lungs in scans that are padded, open, cut, filled or divided")
struct HardLungsTests {
    private static let parallel = Parallel(threads: 2)
    private static let plain = DrawnThorax()
    private static let control = segmented(plain.ct)

    private static func segmented(_ ct: Volume<Int16>) -> SegmentedLungs? { try? LungSegmentation.segment(ct, parallel: parallel) }

    private func expectLungs(
        _ found: SegmentedLungs, right: Double = plain.millilitres(1), left: Double = plain.millilitres(2), within tolerance: Double = 0.02,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let quality = found.quality
        #expect(abs(quality.rightMillilitres - right) < tolerance * right, "right \(quality)", sourceLocation: sourceLocation)
        #expect(abs(quality.leftMillilitres - left) < tolerance * left, "left \(quality)", sourceLocation: sourceLocation)
    }

    // MARK: Padding and openings

    @Test("padding above, below and all round changes nothing", arguments: [[0, 1, 0], [3, 0, 0], [2, 2, 8]])
    func padding(slices: [Int]) throws {
        let ct = DrawnThorax.padded(Self.plain.ct, below: slices[0], above: slices[1], around: slices[2])
        let found = try LungSegmentation.segment(ct, parallel: Self.parallel)
        let control = try #require(Self.control)
        #expect(found.quality.verdict == .ok, "\(found.quality.reasons)")
        expectLungs(found, right: control.quality.rightMillilitres, left: control.quality.leftMillilitres, within: 0.005)
        expectLungs(found)
    }

    @Test("lungs that are cut off below are refused under padding, too")
    func paddedTruncation() throws {
        let old = Self.plain.ct
        var cut = old
        for index in cut.voxels.indices where index < 50 * old.extent.x * old.extent.y { cut.voxels[index] = -1024 }
        let quality = try LungSegmentation.segment(cut, parallel: Self.parallel).quality
        #expect(quality.verdict == .refused && quality.reasons.contains { $0.contains("lowest slice") }, "\(quality.reasons)")
    }

    @Test("a tilted gantry's wedges of padding change nothing")
    func tilt() throws {
        let old = Self.plain.ct
        let extent = Extent3(x: old.extent.x, y: old.extent.y, z: old.extent.z + 30)
        var ct = Volume<Int16>(extent: extent, voxelToWorld: old.voxelToWorld, repeating: -1024)
        old.forEachVoxel { voxel, index in ct[VoxelIndex(x: voxel.x, y: voxel.y, z: voxel.z + voxel.y / 3)] = old.voxels[index] }
        let found = try LungSegmentation.segment(ct, parallel: Self.parallel)
        expectLungs(found, within: 0.03)
        #expect(found.quality.verdict != .refused, "\(found.quality.reasons)")
    }

    @Test("an airway open to the front changes nothing")
    func openAirway() throws {
        let open = DrawnThorax(
            .init(hounsfield: { p in p.y > -60 && length(Point3(p.x, 0, p.z - 90)) < 5.5 ? -1000 : nil }))
        let found = try LungSegmentation.segment(open.ct, parallel: Self.parallel)
        expectLungs(found)
        #expect(found.quality.verdict == .ok, "\(found.quality.reasons)")
    }

    @Test("lungs at the edge of a square field and of a round one stay lungs")
    func field() throws {
        let square = try LungSegmentation.segment(DrawnThorax.cropped(Self.plain.ct, from: 15), parallel: Self.parallel)
        expectLungs(square, right: Self.plain.millilitres(1) { $0.x <= 135 })
        var round = Self.plain.ct
        round.forEachVoxel { voxel, index in
            let p = round.voxelToWorld(voxel.point)
            if length(Point3(p.x, p.y, 0)) > 132 { round.voxels[index] = -1024 }
        }
        let found = try LungSegmentation.segment(round, parallel: Self.parallel)
        let limits = [1, 2].map { side in Self.plain.millilitres(UInt8(side)) { length(Point3($0.x, $0.y, 0)) <= 132 } }
        expectLungs(found, right: limits[0], left: limits[1])
        #expect(found.quality.reasons.contains { $0.contains("edge of the scanner's field") }, "\(found.quality.reasons)")
        // Padding is never lung.
        #expect(!zip(found.mask.voxels, round.voxels).contains { $0 == 1 && $1 == -1024 })
    }

    @Test("a body without lungs, whatever other air it holds, is refused")
    func noLungs() throws {
        let empty = DrawnThorax(
            .init(
                hounsfield: { p in
                    if let gas = DrawnThorax.stomach(p) { return gas }
                    return length(Point3(p.x, p.y + 60, 0)) > 14 && length(Point3(p.x, p.y, 0) / [165, 120, 1]) < 1 ? 30 : nil
                }))
        let found = try LungSegmentation.segment(empty.ct, parallel: Self.parallel)
        #expect(found.quality.verdict == .refused)
        #expect(!found.mask.voxels.contains { $0 == 1 || $0 == 2 })
    }

    // MARK: Gas below the diaphragm

    @Test("the lung ends at the diaphragm where the stomach's gas shines through it")
    func stomach() throws {
        let fed = DrawnThorax(.init(hounsfield: DrawnThorax.stomach))
        let found = try LungSegmentation.segment(fed.ct, parallel: Self.parallel)
        expectLungs(found)
        #expect(found.quality.verdict == .ok, "\(found.quality.reasons)")
    }

    /// A dome of gas that reaches into the left lung's base from below.
    private static func dome(_ p: Point3) -> Double { length((p - [-70, 10, -70]) / [34, 40, 30]) }

    @Test("gas that bulges into a lung's base without any wall between is offered as label 3, and a reason says where")
    func doubtful() throws {
        let open = DrawnThorax(.init(hounsfield: { p in Self.dome(p) < 1 ? -1000 : nil }))
        let found = try LungSegmentation.segment(open.ct, parallel: Self.parallel)
        var gas = 0.0
        open.ct.forEachVoxel { voxel, _ in
            if Self.dome(open.ct.voxelToWorld(voxel.point)) < 1 { gas += open.ct.voxelVolume / 1000 }
        }
        #expect(abs(found.doubtfulMillilitres - gas) < 0.1 * gas, "\(found.doubtfulMillilitres) of \(gas)")
        let lung = Self.plain.millilitres(2) { Self.dome($0) >= 1 }
        expectLungs(found, left: lung)
        #expect(found.quality.verdict == .warning)
        #expect(found.quality.reasons.contains { $0.contains("below the left lung may be bowel gas") }, "\(found.quality.reasons)")
        // A reader gives it to the lung.
        let toVoxel = try #require(open.ct.voxelToWorld.inverse)
        let given = try LungCorrection.give(VoxelIndex(nearestTo: toVoxel([-70, 10, -66])), to: .left).applied(to: found.mask)
        #expect(!given.voxels.contains(3))
    }

    @Test("the same gas behind a wall that is blurred to -600 HU is not lung, without a doubt")
    func thinWall() throws {
        let walled = DrawnThorax(
            .init(hounsfield: { p in
                let distance = Self.dome(p)
                return distance < 1 ? -1000 : distance < 1.1 ? -600 : nil
            }))
        let found = try LungSegmentation.segment(walled.ct, parallel: Self.parallel)
        #expect(found.doubtfulMillilitres == 0)
        expectLungs(found, left: Self.plain.millilitres(2) { Self.dome($0) >= 1.05 })
    }

    @Test(
        "a bulla of air alone within a lung, on its base and in its recess stays lung",
        arguments: [[80.0, 10, 60, 30], [-75, 10, -30, 25], [-75, 10, -60, 35], [-110, 10, -55, 30]])
    func bulla(sphere: [Double]) throws {
        let bullous = DrawnThorax(
            .init(hounsfield: { p in
                let isLung = length((p - [p.x > 0 ? 71 : -71, 0, 10]) / [66, 90, 110]) < 1 && p.z > DrawnThorax.base
                return isLung && length(p - [sphere[0], sphere[1], sphere[2]]) < sphere[3] ? -1000 : nil
            }))
        let found = try LungSegmentation.segment(bullous.ct, parallel: Self.parallel)
        expectLungs(found)
        #expect(found.doubtfulMillilitres == 0 && found.quality.verdict == .ok, "\(found.quality.reasons)")
    }

    // MARK: Divided and airless lungs

    @Test("both parts of a lung that a sheet of tissue divides", arguments: [4.0, 6.0, 10.0])
    func sheet(millimetres: Double) throws {
        let divided = DrawnThorax(
            .init(hounsfield: { p in p.x > 1 && abs(p.z - 5 + 0.3 * p.y) < millimetres / 2 && Self.isLung(p) ? 40 : nil }))
        let found = try LungSegmentation.segment(divided.ct, parallel: Self.parallel)
        // The sheet itself is at most a tenth of the lung.
        expectLungs(found, within: 0.1)
        let lower = found.mask
        var below = 0
        lower.forEachVoxel { voxel, index in if lower.voxels[index] == 1, lower.voxelToWorld(voxel.point).z < -30 { below += 1 } }
        let whole = Self.plain.millilitres(1) { $0.z < -30 }
        #expect(Double(below) * lower.voxelVolume / 1000 > 0.97 * whole)
    }

    private static func isLung(_ p: Point3) -> Bool { length((p - [71, 0, 10]) / [66, 90, 110]) < 1 && p.z > DrawnThorax.base }

    @Test("a phantom of slabs: the air between them parts neither lungs nor airway, and is neither", arguments: [-1000.0, -500])
    func slabs(gap: Double) throws {
        func isGap(_ p: Point3) -> Bool { Int((p.z + 145) / 3) % 9 == 4 }
        let slabs = DrawnThorax(
            .init(hounsfield: { p in
                // Half a gap leaves of lung what is lung.
                isGap(p) && length(Point3(p.x, p.y, 0) / [170, 125, 1]) < 1 && !(gap == -500 && Self.isLung([abs(p.x), p.y, p.z]))
                    ? gap : nil
            }))
        let found = try LungSegmentation.segment(slabs.ct, parallel: Self.parallel)
        let isEmpty = gap == -1000
        func kept(_ side: UInt8) -> Double { Self.plain.millilitres(side) { !(isEmpty && isGap($0)) } }
        expectLungs(found, right: kept(1), left: kept(2))
        #expect(found.quality.reasons.contains { $0.hasPrefix("11 slices are air from edge to edge") } == isEmpty)
        #expect(found.airwayMillilitres > 0.8 * (Self.control?.airwayMillilitres ?? .infinity))
        let empty = zip(found.mask.voxels, slabs.ct.voxels).count { ($0 == 1 || $0 == 2) && $1 < -960 }
        #expect(empty * 1000 < found.mask.voxels.count { $0 != 0 }, "\(empty)")
    }

    @Test("the back of a lung without air is kept, and a reason says so")
    func consolidation() throws {
        let back: (Point3) -> Bool = { p in p.x < 0 && p.y < -25 }
        let solid = DrawnThorax(.init(isAirless: back))
        let found = try LungSegmentation.segment(solid.ct, parallel: Self.parallel)
        let (lost, whole) = (Self.plain.millilitres(2, where: back), Self.plain.millilitres(2))
        #expect(lost > 0.2 * whole)
        #expect(found.quality.leftMillilitres > whole - 0.5 * lost, "\(found.quality), \(whole) less \(lost)")
        #expect(found.quality.leftMillilitres < 1.03 * whole)
        #expect(found.quality.verdict == .warning)
        #expect(found.quality.reasons.contains { $0.contains("left lung hold no air") }, "\(found.quality.reasons)")
    }

    // MARK: Lungs against their ribs

    @Test("air inside the rib cage that is in no lung is a warning", arguments: ["base", "front"])
    func leftOut(place: String) throws {
        // Ground glass below a thick sheet; a lung that has fallen back from the ribs.
        let change: (Point3) -> Double? = { p in
            guard Self.isLung(p) else { return nil }
            if place == "base" { return p.z < -56 ? -560 : p.z < -40 ? 40 : nil }
            return p.y > 36 ? -1000 : p.y > 30 ? 40 : nil
        }
        let drawn = DrawnThorax(.init(hounsfield: change), hasRibs: true)
        let found = try LungSegmentation.segment(drawn.ct, parallel: Self.parallel)
        #expect(found.quality.verdict == .warning)
        #expect(found.quality.reasons.contains { $0.contains("of air inside the rib cage are left out") }, "\(found.quality.reasons)")
    }

    @Test("a rib cage whose lungs are both half empty is a warning; a full one and its stomach are none")
    func halfEmpty() throws {
        let outer = DrawnThorax(.init(isAirless: { abs($0.x) > 71 }), hasRibs: true)
        let found = try LungSegmentation.segment(outer.ct, parallel: Self.parallel)
        #expect(found.quality.reasons.count { $0.contains("of the rib cage beside the heart") } == 2, "\(found.quality.reasons)")
        let low = DrawnThorax(.init(isAirless: { $0.z < 20 }), hasRibs: true)
        let short = try LungSegmentation.segment(low.ct, parallel: Self.parallel)
        #expect(short.quality.reasons.contains { $0.contains("their lower parts may be missing") }, "\(short.quality.reasons)")
        let full = DrawnThorax(.init(hounsfield: DrawnThorax.stomach), hasRibs: true)
        let whole = try LungSegmentation.segment(full.ct, parallel: Self.parallel)
        expectLungs(whole)
        #expect(whole.quality.verdict == .ok, "\(whole.quality.reasons)")
    }

    @Test("a layer of consolidation at the ribs is lung, and a reason says so; liver behind a lung is none")
    func layer() throws {
        let layer: (Point3) -> Bool = { p in p.x > 0 && p.z < 40 && length((p - [71, 0, 10]) / [66, 90, 110]) > 0.78 && p.y < -25 }
        let solid = DrawnThorax(.init(isAirless: layer), hasRibs: true)
        let found = try LungSegmentation.segment(solid.ct, parallel: Self.parallel)
        let (lost, whole) = (Self.plain.millilitres(1, where: layer), Self.plain.millilitres(1))
        #expect(
            found.quality.rightMillilitres > whole - 0.5 * lost && found.quality.rightMillilitres < 1.02 * whole, "\(found.quality) \(lost)"
        )
        #expect(found.quality.reasons.contains { $0.contains("right lung hold no air") }, "\(found.quality.reasons)")
    }

    // MARK: Airways

    @Test("main and lobar bronchi are followed through their forks")
    func bronchi() throws {
        let fine = DrawnThorax(spacing: 2)
        let found = try LungSegmentation.segment(fine.ct, parallel: Self.parallel)
        let labels = found.maskWithAirway()
        for kind in DrawnThorax.Airway.allCases {
            let lumen = try #require(fine.lumen[kind])
            #expect(lumen.count { labels.voxels[$0] == 4 } * 20 > 19 * lumen.count, "\(kind)")
        }
        #expect(found.quality.verdict == .ok, "\(found.quality.reasons)")
    }

    @Test("windpipe and bronchi are no lung, and are written where asked for")
    func airways() throws {
        let found = try #require(Self.control)
        let labels = found.maskWithAirway()
        #expect(labels.voxels.count { $0 == 4 } > 0 && !found.mask.voxels.contains(4))
        let lumen = DrawnThorax.Airway.allCases.flatMap { Self.plain.lumen[$0] ?? [] }
        #expect(lumen.count { found.mask.voxels[$0] != 0 } * 50 < lumen.count)
        for kind in [DrawnThorax.Airway.windpipe, .main] {
            let own = try #require(Self.plain.lumen[kind])
            #expect(own.count { labels.voxels[$0] == 4 } * 10 > 9 * own.count, "\(kind)")
        }
        // Their open ends let nothing of the lung go.
        let inner = Double(lumen.count) * labels.voxelVolume / 1000
        #expect(found.airwayMillilitres > inner && found.airwayMillilitres < 4 * inner)
    }

    // MARK: Masks read back

    @Test("3 and 4 are no lung in our own masks; in others' they are labels like any")
    func readBack() throws {
        let folder = try ScratchFolder()
        var labels = Self.plain.truth
        for index in labels.voxels.indices where labels.voxels[index] == 0 && index % 7 == 0 {
            labels.voxels[index] = index % 2 == 0 ? 3 : 4
        }
        let own = folder.file("own.nii.gz")
        try NiftiFile.write(labels, to: own, description: LungMask.fileDescription)
        let read = try LungMask.normalise(labels: LungMask.readLabels(own), parallel: Self.parallel)
        #expect(read.voxels == Self.plain.truth.voxels)
        // Right 2 and left 3, as the Chest Imaging Platform has them.
        let other = folder.file("other.nii.gz")
        try NiftiFile.write(Self.plain.truth.mapVoxels { $0 == 0 ? UInt8(0) : $0 + 1 }, to: other)
        let platform = try LungMask.normalise(labels: LungMask.readLabels(other), parallel: Self.parallel)
        #expect(platform.voxels == Self.plain.truth.voxels)
    }

    // MARK: Real scans

    @Test(
        "RICORD: the left lung ends above the stomach's gas, and the right one's consolidated back belongs to it",
        .enabled(if: SharedData.hasCT))
    func ricord() throws {
        let ct = try NiftiFile.readCT(SharedData.ct("ricord_stomach_2x2x2.nii.gz"))
        let found = try LungSegmentation.segment(ct, parallel: Self.parallel)
        // A layer of the right lower lobe is consolidated.
        #expect(found.quality.verdict == .warning && found.quality.reasons.count == 1, "\(found.quality.reasons)")
        #expect(found.quality.reasons[0].contains("right lung hold no air"), "\(found.quality.reasons)")
        #expect((1370...1440).contains(found.quality.rightMillilitres) && (1400...1580).contains(found.quality.leftMillilitres))
        // The gas lies in the lowest slices, where there is no lung.
        let slice = ct.extent.x * ct.extent.y
        #expect(!found.mask.voxels[..<(8 * slice)].contains { $0 == 1 || $0 == 2 })
    }

    @Test("a clean lung holds no bronchi, whole or with a sheet across it", .enabled(if: SharedData.hasCT))
    func clean() throws {
        var ct = try NiftiFile.readCT(SharedData.ct("covidctmd_normal001_1.27x1.27x2mm.nii.gz"))
        let found = try LungSegmentation.segment(ct, parallel: Self.parallel)
        let low = zip(found.mask.voxels, ct.voxels).count { $0 != 0 && $1 < -950 }
        #expect(Double(low) * ct.voxelVolume / 1000 < 1)
        #expect(found.airwayMillilitres > 20 && found.airwayMillilitres < 60)
        let mask = found.mask
        ct.forEachVoxel { voxel, index in
            let p = Point3(Double(voxel.x) * 1.27, Double(voxel.y) * 1.27, Double(voxel.z) * 2)
            if mask.voxels[index] == 1, abs(dot(p - [100, 174, 173], [0.25, 0.35, 0.9])) < 3 { ct.voxels[index] = 40 }
        }
        let divided = try LungSegmentation.segment(ct, parallel: Self.parallel)
        #expect(divided.quality.rightMillilitres > 0.95 * found.quality.rightMillilitres)
    }
}
