import Foundations
import Imaging
import Testing

@Suite("Corrections of a lung mask")
struct LungCorrectionTests {
    /// Two lungs of 4×4×6 voxels with a gap, a part of 8 voxels that may not be lung, and a single voxel of the right lung apart.
    private static let mask: Volume<UInt8> = {
        var mask = Volume<UInt8>(extent: Extent3(x: 14, y: 6, z: 8), voxelToWorld: .identity, repeating: 0)
        for z in 1..<7 {
            for y in 1..<5 {
                for x in 1..<5 { mask[VoxelIndex(x: x, y: y, z: z)] = 1 }
                for x in 7..<11 { mask[VoxelIndex(x: x, y: y, z: z)] = 2 }
            }
        }
        for z in 1..<3 { for y in 1..<3 { for x in 11..<13 { mask[VoxelIndex(x: x, y: y, z: z)] = 3 } } }
        mask[VoxelIndex(x: 6, y: 0, z: 0)] = 1
        return mask
    }()

    private func counts(_ mask: Volume<UInt8>) -> [Int] { (0...3).map { label in mask.voxels.count { $0 == label } } }

    @Test("a part that may not be lung is given to a lung, or taken out")
    func parts() throws {
        let before = counts(Self.mask)
        #expect(before == [14 * 6 * 8 - 96 - 96 - 8 - 1, 97, 96, 8])
        let doubtful = VoxelIndex(x: 12, y: 2, z: 2)
        #expect(counts(try LungCorrection.give(doubtful, to: .right).applied(to: Self.mask))[1...] == [105, 96, 0])
        #expect(counts(try LungCorrection.give(doubtful, to: .left).applied(to: Self.mask))[1...] == [97, 104, 0])
        #expect(counts(try LungCorrection.take(doubtful).applied(to: Self.mask))[1...] == [97, 96, 0])
        // Of a lung only the part that hangs together: first doubtful, then nothing.
        let alone = LungCorrection.take(VoxelIndex(x: 6, y: 0, z: 0))
        let once = try alone.applied(to: Self.mask)
        #expect(counts(once)[1...] == [96, 96, 9])
        #expect(counts(try alone.applied(to: once))[1...] == [96, 96, 8])
        // The wrong lung.
        #expect(counts(try LungCorrection.give(VoxelIndex(x: 2, y: 2, z: 2), to: .left).applied(to: Self.mask))[1...] == [1, 192, 8])
    }

    @Test("a cut takes what lies beyond the slice, along every axis and both ways, and leaves the slice")
    func cuts() throws {
        let seed = VoxelIndex(x: 8, y: 2, z: 3)
        for (axis, lower, higher) in [(0, 1, 2), (1, 1, 2), (2, 2, 3)] {
            let section = 96 / [4, 4, 6][axis]
            let below = try LungCorrection.cut(seed, axis: axis, beyond: .lower).applied(to: Self.mask)
            let above = try LungCorrection.cut(seed, axis: axis, beyond: .higher).applied(to: Self.mask)
            #expect(counts(below) == [counts(Self.mask)[0], 97, 96 - lower * section, 8 + lower * section])
            #expect(counts(above) == [counts(Self.mask)[0], 97, 96 - higher * section, 8 + higher * section])
            #expect(below[seed] == 2 && above[seed] == 2)
        }
        #expect(throws: Failure.self) {
            try LungCorrection.cut(VoxelIndex(x: 8, y: 2, z: 1), axis: 2, beyond: .lower).applied(to: Self.mask)
        }
    }

    @Test("no part, its own lung, a cut of what is none, a voxel or an axis that is not there: a sentence each")
    func refusals() {
        let cases: [(LungCorrection, String)] = [
            (.take(VoxelIndex(x: 0, y: 0, z: 0)), "on no part of the lung mask"),
            (.give(VoxelIndex(x: 2, y: 2, z: 2), to: .right), "belongs to the right lung already"),
            (.cut(VoxelIndex(x: 12, y: 2, z: 2), axis: 2, beyond: .lower), "a cut is made in a lung"),
            (.take(VoxelIndex(x: 2, y: 2, z: 80)), "belongs to another scan"),
            (.take(VoxelIndex(x: -1, y: 2, z: 2)), "belongs to another scan"),
            (.cut(VoxelIndex(x: 2, y: 2, z: 2), axis: 7, beyond: .lower), "expected 0, 1 or 2"),
        ]
        for (correction, words) in cases {
            let failure = #expect(throws: Failure.self) { try correction.applied(to: Self.mask) }
            #expect(failure?.description.contains(words) == true, "\(correction)")
        }
    }

    @Test("what may not be lung does not count")
    func doubtful() {
        #expect(counts(Self.mask.withoutDoubtful) == [counts(Self.mask)[0] + 8, 97, 96, 0])
    }
}
