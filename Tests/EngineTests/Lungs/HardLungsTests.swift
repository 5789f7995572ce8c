import Foundation
import Foundations
import Imaging
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

    @Test("a lung at the edge of the field stays a lung")
    func field() throws {
        let square = try LungSegmentation.segment(DrawnThorax.cropped(Self.plain.ct, from: 15), parallel: Self.parallel)
        expectLungs(square, right: Self.plain.millilitres(1) { $0.x <= 135 })
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

    @Test("a bulla of air alone within a lung stays lung")
    func bulla() throws {
        let bullous = DrawnThorax(
            .init(hounsfield: { p in length(p - [80, 10, 60]) < 30 || length(p - [-75, 10, -30]) < 25 ? -1000 : nil }))
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

    @Test("a phantom of slabs with air between them", arguments: [-1000.0, -500])
    func slabs(gap: Double) throws {
        let slabs = DrawnThorax(
            .init(hounsfield: { p in
                let isGap = Int((p.z + 145) / 3) % 9 == 4
                return isGap && length(Point3(p.x, p.y, 0) / [170, 125, 1]) < 1 && !(gap == -500 && Self.isLung(p)) ? gap : nil
            }))
        let found = try LungSegmentation.segment(slabs.ct, parallel: Self.parallel)
        expectLungs(found, within: 0.15)
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

    // MARK: Airways

    @Test("windpipe and bronchi are no lung, and are written where asked for")
    func airways() throws {
        let found = try #require(Self.control)
        let labels = found.maskWithAirway()
        #expect(labels.voxels.count { $0 == 4 } > 0 && !found.mask.voxels.contains(4))
        #expect(Self.plain.lumen.count { found.mask.voxels[$0] != 0 } * 50 < Self.plain.lumen.count)
        let pipe = Self.plain.lumen.filter { $0 / (labels.extent.x * labels.extent.y) >= 60 }
        #expect(pipe.count { labels.voxels[$0] == 4 } * 10 > 9 * pipe.count)
        // Their open ends let nothing of the lung go.
        let lumen = Double(Self.plain.lumen.count) * labels.voxelVolume / 1000
        #expect(found.airwayMillilitres > lumen && found.airwayMillilitres < 4 * lumen)
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

    @Test("RICORD: the left lung ends above the stomach's gas", .enabled(if: SharedData.hasCT))
    func ricord() throws {
        let ct = try NiftiFile.readCT(SharedData.ct("ricord_stomach_2x2x2.nii.gz"))
        let found = try LungSegmentation.segment(ct, parallel: Self.parallel)
        #expect(found.quality.verdict == .ok, "\(found.quality.reasons)")
        #expect((1300...1450).contains(found.quality.rightMillilitres) && (1400...1580).contains(found.quality.leftMillilitres))
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
