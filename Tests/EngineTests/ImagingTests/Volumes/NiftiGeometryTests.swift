import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

/// Headers that say two things, or something that cannot be: refused, or said.
struct NiftiGeometryTests {
    private static let extent = Extent3(x: 20, y: 18, z: 16)
    private static let plain = Affine3(columnX: [-1.5, 0, 0], columnY: [0, 2, 0], columnZ: [0, 0, 2.5], translation: [14, -17, -19])

    /// Byte offsets of NIfTI-1 fields.
    private enum Field {
        static let pixdim = 76
        static let voxOffset = 108
        static let qformCode = 252
        static let sformCode = 254
        static let quaternion = 256
        static let qoffset = 268
        static let srow = 280
    }

    private static func file(_ scratch: borrowing ScratchFolder, _ affine: Affine3 = plain, _ change: (inout Data) -> Void) throws -> URL {
        let place = scratch.file("x.nii")
        var voxels = Volume<Int16>(extent: extent, voxelToWorld: affine, repeating: -1000)
        for i in voxels.voxels.indices { voxels.voxels[i] = Int16(i % 900) - 1000 }
        try NiftiFile.write(voxels, to: place)
        var bytes = try Data(contentsOf: place)
        change(&bytes)
        try bytes.write(to: place)
        return place
    }

    private static func put(_ value: some BitwiseCopyable, _ bytes: inout Data, at offset: Int) {
        withUnsafeBytes(of: value) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    @Test(
        "A voxel size that cannot be is refused by its field", arguments: [Float(0), -2.5, .nan, .infinity], [1, 2, 3])
    func voxelSize(_ size: Float, _ axis: Int) throws {
        let scratch = try ScratchFolder()
        let file = try Self.file(scratch) { Self.put(size, &$0, at: Field.pixdim + 4 * axis) }
        let failure = #expect(throws: Failure.self) { try NiftiFile.readCT(file) }
        #expect(failure?.description.contains("pixdim[\(axis)]") == true)
    }

    @Test("An offset within the header, or no whole number, is refused", arguments: [Float(0), 348, 351, -352, .nan, .infinity, 352.5])
    func offset(_ offset: Float) throws {
        let scratch = try ScratchFolder()
        let file = try Self.file(scratch) { Self.put(offset, &$0, at: Field.voxOffset) }
        let failure = #expect(throws: Failure.self) { try NiftiFile.readCT(file) }
        #expect(failure?.description.contains("vox_offset") == true)
    }

    @Test("Forms that disagree on left and right are refused, whatever they claim to be", arguments: [Int16(1), 2, 4])
    func mirrored(_ code: Int16) throws {
        let scratch = try ScratchFolder()
        let file = try Self.file(scratch) {
            Self.put(code, &$0, at: Field.sformCode)
            Self.put(Float(1.5), &$0, at: Field.srow)
            Self.put(Float(-14.5), &$0, at: Field.srow + 12)
        }
        let failure = #expect(throws: Failure.self) { try NiftiFile.readCT(file) }
        #expect(failure?.description.contains("disagree on left and right") == true)
    }

    @Test("Two scanner's forms that lie apart are refused; below half a voxel they are one; another space's form is said")
    func apart() throws {
        let scratch = try ScratchFolder()
        func moved(by distance: Float, code: Int16) throws -> URL {
            try Self.file(scratch) {
                Self.put(code, &$0, at: Field.sformCode)
                Self.put(Float(14) + distance, &$0, at: Field.srow + 12)
            }
        }
        let failure = #expect(throws: Failure.self) { try NiftiFile.readCT(moved(by: 3, code: 1)) }
        #expect(failure?.description.contains("disagree by up to 3 mm, though both claim to be the scanner's") == true)
        #expect(try NiftiFile.readHeader(moved(by: 0.5, code: 1)).notes.isEmpty)
        let aligned = try NiftiFile.readHeader(moved(by: 3, code: 2))
        #expect(aligned.voxelToWorld.translation.x == 14)
        #expect(aligned.notes.count == 1 && aligned.notes[0].hasSuffix("the qform (the scanner's) is used"))
    }

    @Test("A voxel size that is not the sform's is said, or refused where it is far off")
    func sizeAgainstSform() throws {
        let scratch = try ScratchFolder()
        func sized(_ size: Float) throws -> NiftiHeader {
            try NiftiFile.readHeader(
                Self.file(scratch) {
                    Self.put(Int16(0), &$0, at: Field.qformCode)
                    Self.put(size, &$0, at: Field.pixdim + 12)
                })
        }
        #expect(try sized(2.5).notes.isEmpty)
        #expect(try sized(2.52).notes.count == 1)
        let failure = #expect(throws: Failure.self) { try sized(5) }
        #expect(failure?.description.contains("along z (pixdim) is not that of the sform, 5 mm against 2.5 mm") == true)
    }

    @Test("A slanted map is written without a qform; a rotated one with both; either is read back as it was")
    func slanted() throws {
        let scratch = try ScratchFolder()
        let slanted = Affine3(columnX: [1, 0, 0], columnY: [0, 1, 0], columnZ: [0, -0.8, 2.5], translation: [-9, -8, -20])
        let file = try Self.file(scratch, slanted) { _ in }
        let bytes = try Data(contentsOf: file)
        #expect(bytes[Field.qformCode] == 0 && bytes[Field.sformCode] == 1)
        let header = try NiftiFile.readHeader(file)
        #expect(Self.extent.farthestCorner(header.voxelToWorld, slanted) < 1e-4 && header.notes.isEmpty)

        // A file of a program that writes the nearest qform beside it.
        let both = try Self.file(scratch, slanted.nearestQform) {
            for (index, value) in slanted.rowMajor.prefix(12).enumerated() { Self.put(Float(value), &$0, at: Field.srow + 4 * index) }
        }
        let read = try NiftiFile.readHeader(both)
        #expect(Self.extent.farthestCorner(read.voxelToWorld, slanted) < 1e-4)
        #expect(read.notes.count == 1 && read.notes[0].contains("slanted"))
    }

    @Test("A mask carries both forms as its image has them")
    func forms() throws {
        let scratch = try ScratchFolder()
        let source = try Self.file(scratch) {
            Self.put(Int16(2), &$0, at: Field.sformCode)
            Self.put(Float(20), &$0, at: Field.srow + 12)
        }
        let ct = try NiftiFile.readCT(source)
        let mask = scratch.file("m.nii")
        try NiftiFile.write(ct.mapVoxels { _ in UInt8(1) }, to: mask, like: source)
        let (theirs, ours) = (try Data(contentsOf: source), try Data(contentsOf: mask))
        #expect(ours[Field.pixdim..<Field.pixdim + 16] == theirs[Field.pixdim..<Field.pixdim + 16])
        #expect(ours[Field.qformCode..<Field.srow + 48] == theirs[Field.qformCode..<Field.srow + 48])
        #expect(try NiftiFile.readHeader(mask).voxelToWorld == ct.voxelToWorld)
        // Of another grid nothing is taken over.
        let other = Volume<UInt8>(extent: Self.extent, voxelToWorld: Self.plain * Affine3(scale: [2, 2, 2]), repeating: 1)
        try NiftiFile.write(other, to: mask, like: source)
        #expect(try NiftiFile.readHeader(mask).forms.sformCode == 1)
    }

    @Test("A mask whose header was rounded to three decimals is on the image's grid; one that is not is told by how much")
    func rounded() throws {
        let exact = Affine3(
            columnX: [0.703125, 0.0004, 0], columnY: [0, 0.703125, 0], columnZ: [0, 0, 1.25],
            translation: [-180.12345, -170.98765, -200.55555])
        let extent = Extent3(x: 40, y: 40, z: 40)
        func moved(_ distance: Double, decimals: Double) -> Affine3 {
            var affine = Affine3(rowMajor: exact.rowMajor.map { ($0 * decimals).rounded() / decimals })
            affine.translation.z += distance
            return affine
        }
        let ct = Volume<Int16>(extent: extent, voxelToWorld: exact, repeating: -900)
        var labels = Volume<Int16>(extent: extent, voxelToWorld: moved(0, decimals: 1000), repeating: 0)
        for z in 5..<35 { for y in 5..<35 { for x in 5..<35 where !(18..<22).contains(x) { labels[VoxelIndex(x: x, y: y, z: z)] = 1 } } }
        let mask = try LungMask.normalise(labels: labels, matching: ct, parallel: Parallel(threads: 1))
        #expect(mask.voxelToWorld == exact)
        let far = Volume<Int16>(extent: extent, voxelToWorld: moved(0.4, decimals: 1000), voxels: labels.voxels)
        let failure = #expect(throws: Failure.self) { try LungMask.normalise(labels: far, matching: ct, parallel: Parallel(threads: 1)) }
        #expect(failure?.description.contains("they lie up to 0.4") == true)
    }
}
