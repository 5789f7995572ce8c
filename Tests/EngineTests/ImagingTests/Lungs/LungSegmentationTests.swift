import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Lung segmentation")
struct LungSegmentationTests {
    private let parallel = Parallel(threads: 2)

    // MARK: A drawn thorax

    /// Body, two lungs that touch in front, windpipe with bronchi into both, a cyst with a wall in the right lung's border, stomach gas.
    private struct Thorax {
        let ct: Volume<Int16>
        /// 0, 1, 2.
        let truth: Volume<UInt8>
        let cyst: [Int]

        init(_ voxelToWorld: Affine3, extent: Extent3) {
            var ct = Volume<Int16>(extent: extent, voxelToWorld: voxelToWorld, repeating: -1000)
            var truth = Volume<UInt8>(extent: extent, voxelToWorld: voxelToWorld, repeating: 0)
            var cyst: [Int] = []
            var generator = SeededGenerator(name: "thorax")
            func distance(_ p: Point3, _ centre: Point3, _ radii: Point3) -> Double { length((p - centre) / radii) }
            ct.forEachVoxel { voxel, index in
                let p = voxelToWorld(voxel.point)
                var hounsfield = -1000.0
                if distance([p.x, p.y, 0], .zero, [170, 125, 1]) < 1 { hounsfield = 30 }
                let isRight = distance(p, [71, 0, 10], [70, 90, 110]) < 1 && p.z > -70
                let isLeft = distance(p, [-71, 0, 10], [70, 90, 110]) < 1 && p.z > -70
                if isRight || isLeft || (abs(p.x) < 10 && abs(p.y - 20) < 5 && abs(p.z) < 20) { hounsfield = -860 }
                if isRight { truth.voxels[index] = 1 }
                if isLeft { truth.voxels[index] = 2 }
                // The windpipe from the neck down to the carina, then a bronchus to each side, all with walls.
                let pipe = p.z > 20 ? length([p.x, p.y + 60, 0]) : 99
                let bronchus = p.z > -10 && p.z <= 20 ? length([abs(p.x) - (20 - p.z), p.y + 60, 0]) : 99
                let lumen = min(pipe, bronchus * 0.8)
                if lumen < 10 {
                    hounsfield = lumen < 8 ? -990 : 20
                    truth.voxels[index] = 0
                }
                // A subpleural cyst: air behind a thin wall, at the outer border.
                let bubble = distance(p, [134, 0, 10], [7, 7, 7]) * 7
                if bubble < 7 {
                    hounsfield = bubble < 6 ? -990 : -300
                    truth.voxels[index] = 1
                    if bubble < 6 { cyst.append(index) }
                }
                if distance(p, [-50, 20, -110], [35, 30, 25]) < 1 { hounsfield = -1000 }
                ct.voxels[index] = Int16(hounsfield + 25 * generator.normal())
            }
            self.ct = ct
            self.truth = truth
            self.cyst = cyst
        }
    }

    private func dice(_ a: Volume<UInt8>, _ b: Volume<UInt8>, label: UInt8) -> Double {
        var (sum, both) = (0, 0)
        for (x, y) in zip(a.voxels, b.voxels) {
            sum += (x == label ? 1 : 0) + (y == label ? 1 : 0)
            both += x == label && y == label ? 1 : 0
        }
        return 2 * Double(both) / Double(max(sum, 1))
    }

    @Test("a drawn thorax in two axis orders: lungs parted, airway and stomach left out, cyst kept", arguments: [false, true])
    func drawn(isTurned: Bool) throws {
        // LPS in 1.5 × 1.5 × 2.5 mm, or x to Inferior, y to Right, z to Anterior.
        let thorax =
            isTurned
            ? Thorax(
                Affine3(columnX: [0, 0, -2.5], columnY: [1.5, 0, 0], columnZ: [0, 1.5, 0], translation: [-180, -135, 140]),
                extent: Extent3(x: 115, y: 241, z: 181))
            : Thorax(Affine3(scale: [-1.5, -1.5, 2.5], translation: [180, 135, -145]), extent: Extent3(x: 241, y: 181, z: 115))
        let lungs = try LungSegmentation.segment(thorax.ct, parallel: parallel)
        #expect(lungs.mask.sharesGrid(with: thorax.ct))
        #expect(lungs.quality.verdict == .ok, "\(lungs.quality.reasons)")
        #expect(dice(lungs.mask, thorax.truth, label: 1) > 0.985)
        #expect(dice(lungs.mask, thorax.truth, label: 2) > 0.985)
        #expect(thorax.cyst.allSatisfy { lungs.mask.voxels[$0] == 1 })
        let toVoxel = try #require(thorax.ct.voxelToWorld.inverse)
        for outside in [Point3(0, -60, 60), Point3(-50, 20, -110), Point3(0, 0, 300), Point3(0, 110, 0)] {
            let voxel = VoxelIndex(nearestTo: toVoxel(outside))
            #expect(!lungs.mask.extent.contains(voxel) || lungs.mask[voxel] == 0)
        }
    }

    @Test("the same mask for any number of threads; no thorax, no lungs")
    func threadsAndNothing() throws {
        let thorax = Thorax(Affine3(scale: [-3, -3, 4], translation: [180, 135, -145]), extent: Extent3(x: 121, y: 91, z: 72))
        let one = try LungSegmentation.segment(thorax.ct, parallel: Parallel(threads: 1))
        let three = try LungSegmentation.segment(thorax.ct, parallel: Parallel(threads: 3))
        #expect(one.mask == three.mask)
        let block = thorax.ct.mapVoxels { $0 < -500 ? Int16(-1000) : 30 }.mapVoxels { max($0, 0) }
        let nothing = try LungSegmentation.segment(block, parallel: parallel)
        #expect(nothing.quality.verdict == .refused)
        #expect(!nothing.mask.voxels.contains { $0 != 0 })
        let coarse = Volume<Int16>(extent: Extent3(cube: 8), voxelToWorld: Affine3(scale: [20, 20, 20]), repeating: 0)
        #expect(throws: Failure.self) { try LungSegmentation.segment(coarse, parallel: parallel) }
    }

    // MARK: Real scans

    /// Bounds around what was found and looked at slice by slice.
    private struct Expectation {
        let file: String
        let verdicts: [LungMaskQuality.Verdict]
        let right, left: ClosedRange<Double>
    }

    @Test("real scans", .enabled(if: SharedData.hasCT))
    func realScans() throws {
        let expectations = [
            Expectation(
                file: "covidctmd_normal001_1.27x1.27x2mm.nii.gz", verdicts: [.ok], right: 1750...1950, left: 1500...1700),
            Expectation(file: "covidctmd_P001_2mm.nii.gz", verdicts: [.ok, .warning], right: 2950...3250, left: 2900...3150),
            Expectation(file: "cip_copd_ct64.nii.gz", verdicts: [.ok], right: 2300...2650, left: 2000...2350),
        ]
        for expected in expectations {
            let ct = try NiftiFile.readCT(SharedData.ct(expected.file))
            let lungs = try LungSegmentation.segment(ct, parallel: parallel)
            #expect(expected.verdicts.contains(lungs.quality.verdict), "\(expected.file): \(lungs.quality.reasons)")
            #expect(expected.right.contains(lungs.quality.rightMillilitres), "\(expected.file)")
            #expect(expected.left.contains(lungs.quality.leftMillilitres), "\(expected.file)")
            var sums = [0.0, 0.0, 0.0]
            var counts = [0.0, 0.0, 0.0]
            lungs.mask.forEachVoxel { voxel, index in
                let label = Int(lungs.mask.voxels[index])
                sums[label] += lungs.mask.voxelToWorld(voxel.point).x
                counts[label] += 1
            }
            // RAS+: the patient's right has the larger x; the two centres lie a hand apart.
            #expect(sums[1] / counts[1] - sums[2] / counts[2] > 80, "\(expected.file)")
        }
    }

    @Test("the mask of the COPD patient agrees with the platform's own", .enabled(if: SharedData.hasCT))
    func copdAgainstReference() throws {
        let ct = try NiftiFile.readCT(SharedData.ct("cip_copd_ct64.nii.gz"))
        let labels = try NiftiFile.readLabels(SharedData.ct("cip_copd_ct64_lungs.nii.gz"))
        let reference = try LungMask.normalise(labels: labels, matching: ct, parallel: parallel)
        let lungs = try LungSegmentation.segment(ct, parallel: parallel)
        // Voxels of 4 mm: half of all boundary voxels may differ between any two readers.
        #expect(dice(lungs.mask, reference, label: 1) > 0.95)
        #expect(dice(lungs.mask, reference, label: 2) > 0.95)
    }

    @Test("lungs that are cut off below are refused, and the sentence says so", .enabled(if: SharedData.hasCT))
    func truncated() throws {
        let ct = try NiftiFile.readCT(SharedData.ct("lungfcp-01-0001_truncated_2mm.nii.gz"))
        let quality = try LungSegmentation.segment(ct, parallel: parallel).quality
        #expect(quality.verdict == .refused)
        #expect(quality.reasons.contains { $0.contains("lowest slice") && $0.contains("cut off") })
    }
}
