import Foundation
import Foundations
import Imaging
import Testing

@Suite("Lung masks from users, and judging them")
struct LungMaskTests {
    private let parallel = Parallel(threads: 2)

    /// Boxes on a grid of 4 mm whose x grows to the Left: `right` and `left` label two separate boxes.
    private func mask(right: Int16, left: Int16, rightLower: Int16? = nil, bridge: Int16 = 0) -> Volume<Int16> {
        let extent = Extent3(x: 80, y: 40, z: 60)
        var labels = Volume<Int16>(
            extent: extent, voxelToWorld: Affine3(scale: [-4, 4, 4], translation: [160, -80, -120]), repeating: 0)
        labels.forEachVoxel { voxel, index in
            guard (8..<32).contains(voxel.y), (8..<52).contains(voxel.z) else { return }
            if (10..<34).contains(voxel.x) { labels.voxels[index] = voxel.z < 30 ? rightLower ?? right : right }
            if (44..<66).contains(voxel.x) { labels.voxels[index] = left }
            if (34..<44).contains(voxel.x), (18..<21).contains(voxel.y), (28..<31).contains(voxel.z) { labels.voxels[index] = bridge }
        }
        return labels
    }

    /// 1 where x is right of the gap, 2 left of it.
    private func isSorted(_ mask: Volume<UInt8>) -> Bool {
        var isSorted = true
        mask.forEachVoxel { voxel, index in
            let label = mask.voxels[index]
            if label == 1, voxel.x >= 40 { isSorted = false }
            if label == 2, voxel.x < 38 { isSorted = false }
        }
        return isSorted && mask.voxels.contains(1) && mask.voxels.contains(2)
    }

    @Test("labels do not matter, places do", arguments: [[1, 2], [2, 1], [3, 2], [20, 30], [50, 100], [100, 50]])
    func twoLabels(labels: [Int16]) throws {
        let given = mask(right: labels[0], left: labels[1])
        let result = try LungMask.normalise(labels: given, matching: nil, parallel: parallel)
        #expect(isSorted(result))
        #expect(result.voxels.count { $0 != 0 } == given.voxels.count { $0 != 0 })
    }

    @Test("one label, lobes, one label with lungs that touch")
    func otherLabels() throws {
        #expect(isSorted(try LungMask.normalise(labels: mask(right: 1, left: 1), parallel: parallel)))
        let lobes = try LungMask.normalise(labels: mask(right: 4, left: 9, rightLower: 6), parallel: parallel)
        #expect(isSorted(lobes))
        #expect(lobes[VoxelIndex(x: 20, y: 20, z: 10)] == 1)
        let touching = mask(right: 1, left: 1, bridge: 1)
        let parted = try LungMask.normalise(labels: touching, parallel: parallel)
        #expect(isSorted(parted))
        #expect(parted.voxels.count { $0 != 0 } == touching.voxels.count { $0 != 0 })
    }

    @Test("masks of another grid, empty ones and single lungs are refused")
    func refusals() {
        let labels = mask(right: 1, left: 2)
        let moved = Volume<Int16>(
            extent: labels.extent, voxelToWorld: Affine3(scale: [-4, 4, 4], translation: [160, -80, -116]), repeating: 0)
        let cases: [(Volume<Int16>, Volume<Int16>?, String)] = [
            (labels, moved, "another grid"), (labels.mapVoxels { _ in 0 }, nil, "empty"),
            (mask(right: 1, left: 0), nil, "does not fall into two lungs"), (labels.mapVoxels { -$0 }, nil, "negative"),
        ]
        for (given, ct, reason) in cases {
            let failure = #expect(throws: Failure.self) { try LungMask.normalise(labels: given, matching: ct, parallel: parallel) }
            #expect(failure?.description.contains(reason) == true)
        }
    }

    // MARK: Quality

    private func judged(_ change: (inout Volume<UInt8>) -> Void) -> LungMaskQuality {
        var lungs = mask(right: 1, left: 2).mapVoxels { UInt8($0) }
        change(&lungs)
        return .judge(lungs, expectedMillilitres: 2000...9500)
    }

    @Test("a sound mask is ok, and its volumes are counted")
    func sound() {
        let quality = judged { _ in }
        #expect(quality.verdict == .ok && quality.reasons.isEmpty)
        #expect(abs(quality.rightMillilitres - 24 * 24 * 44 * 0.064) < 1e-6)
        #expect(abs(quality.leftMillilitres - 22 * 24 * 44 * 0.064) < 1e-6)
    }

    @Test("lungs at the lowest slice: a little is a warning, much is refused")
    func truncation() {
        func lengthen(_ mask: inout Volume<UInt8>, columns: Range<Int>) {
            for z in 0..<8 {
                for y in 8..<32 {
                    for x in columns { mask[VoxelIndex(x: x, y: y, z: z)] = 1 }
                }
            }
        }
        let little = judged { lengthen(&$0, columns: 10..<12) }
        #expect(little.verdict == .warning)
        #expect(little.reasons.contains { $0.contains("right lung") && $0.contains("lowest slice") })
        let much = judged { lengthen(&$0, columns: 10..<30) }
        #expect(much.verdict == .refused)
        #expect(much.reasons.first?.contains("cut off") == true)
    }

    @Test("small, missing and absurd lungs")
    func volumes() {
        let none = judged { $0.voxels = $0.voxels.map { _ in 0 } }
        #expect(none.verdict == .refused && none.reasons[0].contains("no lungs"))
        let one = judged { $0.voxels = $0.voxels.map { $0 == 1 ? 1 : 0 } }
        #expect(one.verdict == .refused && one.reasons[0].contains("only the right lung"))
        let small = LungMaskQuality.judge(mask(right: 1, left: 2).mapVoxels { UInt8($0) }, expectedMillilitres: 5000...9000)
        #expect(small.verdict == .warning && small.reasons[0].contains("expected 5000 to 9000 mL"))
        let uneven = judged { mask in mask.forEachVoxel { voxel, index in if voxel.z > 20 && voxel.x > 40 { mask.voxels[index] = 0 } } }
        #expect(uneven.verdict == .warning && uneven.reasons[0].contains("left lung is much smaller"))
    }

    @Test("air alone is a leak")
    func leak() {
        let lungs = mask(right: 1, left: 2).mapVoxels { UInt8($0) }
        let quality = LungMaskQuality.judge(lungs, ct: lungs.mapVoxels { _ in Int16(-1010) })
        #expect(quality.verdict == .refused && quality.reasons[0].contains("leaked"))
        #expect(LungMaskQuality.judge(lungs, ct: lungs.mapVoxels { _ in Int16(-850) }).verdict == .ok)
    }

    @Test("a body's outline given as lungs: the largest cuts first, and three reasons in a sentence")
    func body() {
        let all = mask(right: 1, left: 2)
        var body = all.mapVoxels { _ in UInt8(1) }
        body.forEachVoxel { voxel, index in if voxel.x > 30 { body.voxels[index] = 2 } }
        let quality = LungMaskQuality.judge(body)
        #expect(quality.verdict == .refused && quality.reasons.count > 4)
        let summary = LungMaskQuality.summary(of: quality.reasons)
        #expect(summary.hasPrefix(quality.reasons[..<3].joined(separator: "; ")) && !summary.contains(quality.reasons[3]))
        #expect(summary.hasSuffix("; and \(quality.reasons.count - 3) more reasons"))
        #expect(LungMaskQuality.summary(of: Array(quality.reasons[..<3])) == quality.reasons[..<3].joined(separator: "; "))
        #expect(LungMaskQuality.summary(of: Array(quality.reasons[..<4])).hasSuffix("; and 1 more reason"))
    }

    @Test("of two cuts the larger is named first")
    func largestCut() {
        let cut = judged { mask in
            mask.forEachVoxel { voxel, index in
                guard voxel.z == 0 || voxel.z == mask.extent.z - 1, (12..<30).contains(voxel.y) else { return }
                if (10..<30).contains(voxel.x) { mask.voxels[index] = voxel.z == 0 && voxel.x < 16 ? 0 : 1 }
            }
        }
        #expect(cut.reasons.first?.contains("highest slice") == true, "\(cut.reasons)")
    }
}
