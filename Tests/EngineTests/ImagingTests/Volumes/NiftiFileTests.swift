import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("NIfTI files")
struct NiftiFileTests {
    /// An oblique, left-handed geometry with three spacings.
    private static let oblique = Affine3(
        columnX: [-0.69, 0.05, 0.01], columnY: [0.06, 0.78, -0.11], columnZ: [0.02, 0.2, 1.23], translation: [101.25, -88.5, -1203.75])

    private func ramp(_ extent: Extent3 = Extent3(x: 5, y: 4, z: 3), _ affine: Affine3 = oblique) -> Volume<Int16> {
        Volume(extent: extent, voxelToWorld: affine, voxels: (0..<extent.count).map { Int16($0 * 31 % 3000 - 1024) })
    }

    @Test("what is written is read back", arguments: ["a.nii", "a.nii.gz"])
    func roundTrip(name: String) throws {
        let folder = try ScratchFolder()
        let volume = ramp()
        try NiftiFile.write(volume, to: folder.file(name))
        let read = try NiftiFile.readCT(folder.file(name))
        #expect(read.voxels == volume.voxels)
        #expect(read.sharesGrid(with: volume))

        let real = volume.mapVoxels { Float($0) / 7 }
        try NiftiFile.write(real, to: folder.file(name))
        #expect(try NiftiFile.readImage(folder.file(name)).voxels == real.voxels)

        let mask = volume.mapVoxels { UInt8(truncatingIfNeeded: $0 & 3) }
        try NiftiFile.write(mask, to: folder.file(name))
        #expect(try NiftiFile.readLabels(folder.file(name)).voxels == mask.voxels.map(Int16.init))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(left == [name])
    }

    @Test("the qform alone gives the same geometry, to single precision")
    func qformOnly() throws {
        let folder = try ScratchFolder()
        // Orthogonal axes: what a quaternion can hold. A rotation by 0.3 about x, mirrored x.
        let (cosine, sine) = (0.955336489125606, 0.29552020666134)
        let affine = Affine3(
            columnX: [-0.7, 0, 0], columnY: [0, 0.8 * cosine, 0.8 * sine], columnZ: [0, -1.5 * sine, 1.5 * cosine], translation: [9, -8, 7])
        let volume = ramp(Extent3(x: 5, y: 4, z: 3), affine)
        try NiftiFile.write(volume, to: folder.file("a.nii"))
        try patch(folder.file("a.nii")) { $0.setInt16(254, 0) }
        #expect(try NiftiFile.readCT(folder.file("a.nii")).sharesGrid(with: volume))
    }

    @Test("a scanner-anatomical sform wins, another sform only without a qform")
    func geometryRule() throws {
        let folder = try ScratchFolder()
        let file = folder.file("a.nii")
        // Two scanner's forms that lie apart are refused; see `NiftiGeometryTests`.
        let sformX: [(sform: Int16, qform: Int16, expected: Double)] = [(1, 2, 111), (2, 1, 10), (2, 0, 111), (0, 1, 10), (1, 0, 111)]
        for row in sformX {
            try NiftiFile.write(ramp(Extent3(x: 2, y: 3, z: 4), Affine3(scale: [1, 1, 1], translation: [10, 20, 30])), to: file)
            try patch(file) {
                $0.setInt16(252, row.qform)
                $0.setInt16(254, row.sform)
                $0.setFloat(280 + 12, 111)
            }
            #expect(try NiftiFile.readHeader(file).voxelToWorld.translation.x == row.expected, "\(row)")
        }
    }

    @Test("slope and intercept are applied; 0 and NaN slopes mean identity")
    func scaling() throws {
        let folder = try ScratchFolder()
        let file = folder.file("a.nii")
        let volume = ramp()
        for (slope, intercept, expected) in [(Float(2), Float(-1), Int16(-101)), (0, 50, -50), (.nan, 50, -50)] {
            var stored = volume
            stored.voxels = volume.voxels.map { _ in -1000 }
            stored.voxels[7] = -50
            try NiftiFile.write(stored, to: file)
            try patch(file) {
                $0.setFloat(112, slope)
                $0.setFloat(116, intercept)
            }
            #expect(try NiftiFile.readCT(file).voxels[7] == expected)
        }
    }

    @Test("NaN and padding become -1024, values are rounded")
    func hounsfieldClean() throws {
        let folder = try ScratchFolder()
        var volume = Volume<Float>(extent: Extent3(x: 2, y: 2, z: 2), voxelToWorld: .identity, repeating: -900.4)
        volume.voxels[0] = .nan
        volume.voxels[1] = -3024
        volume.voxels[2] = 1e9
        volume.voxels[3] = 40.6
        try NiftiFile.write(volume, to: folder.file("a.nii.gz"))
        #expect(try NiftiFile.readCT(folder.file("a.nii.gz")).voxels == [-1024, -1024, 32767, 41, -900, -900, -900, -900])
        #expect(try NiftiFile.readImage(folder.file("a.nii.gz")).voxels[0].isNaN)
    }

    @Test("the other byte order is read")
    func swapped() throws {
        let folder = try ScratchFolder()
        let file = folder.file("a.nii")
        let volume = ramp()
        try NiftiFile.write(volume, to: file)
        try patch(file) { $0.swapEverything(fields: Self.headerFields, voxels: volume.extent.count) }
        let read = try NiftiFile.readCT(file)
        #expect(read.voxels == volume.voxels)
        #expect(read.sharesGrid(with: volume))
    }

    // MARK: Refusals

    @Test("every kind of bad file is refused in one sentence that names it and the reason")
    func refusals() throws {
        let folder = try ScratchFolder()
        let good = ramp(Extent3(x: 20, y: 20, z: 20))
        let file = folder.file("bad.nii")
        func expectRefusal(_ reason: String, _ change: (inout Data) -> Void) throws {
            try NiftiFile.write(good, to: file)
            try patch(file, change)
            try expectFailure(file, reason)
        }
        try expectRefusal("is empty") { $0.removeAll() }
        try expectRefusal("not a NIfTI image") { $0.resetBytes(in: 0..<348) }
        try expectRefusal("not a NIfTI image") { $0.removeLast($0.count - 200) }
        try expectRefusal("cut off") { $0.removeLast(2) }
        try expectRefusal("2-D image") {
            $0.setInt16(40, 2)
            $0.setInt16(46, 1)
        }
        try expectRefusal("holds 2 volumes") {
            $0.setInt16(40, 4)
            $0.setInt16(46, 10)
            $0.setInt16(48, 2)
        }
        try expectRefusal("RGB24") {
            $0.setInt16(70, 128)
            $0.setInt16(72, 24)
        }
        try expectRefusal("COMPLEX64") {
            $0.setInt16(70, 32)
            $0.setInt16(72, 64)
        }
        try expectRefusal("metres") { $0[123] = 1 }
        try expectRefusal("micrometres") { $0[123] = 3 }
        try expectRefusal("no qform, no sform") {
            $0.setInt16(252, 0)
            $0.setInt16(254, 0)
        }
        try expectRefusal("singular sform") { $0.resetBytes(in: 280..<296) }
        try expectFailure(folder.file("missing.nii.gz"), "does not exist")
        try expectFailure(folder.url, "is a folder")
        try Data("hello".utf8).write(to: folder.file("notes.txt"))
        try expectFailure(folder.file("notes.txt"), "not named .nii")
    }

    @Test("cut off and damaged compressed files are refused")
    func damagedCompression() throws {
        let folder = try ScratchFolder()
        let file = folder.file("bad.nii.gz")
        var generator = SeededGenerator(name: "noise")
        let noise = ramp(Extent3(x: 40, y: 40, z: 40)).mapVoxels { _ in Int16(generator.below(2000) - 1024) }
        try NiftiFile.write(noise, to: file)
        try patch(file) { $0.removeLast($0.count / 2) }
        try expectFailure(file, "cut off or damaged")
        try NiftiFile.write(noise, to: file)
        // The stored checksum: everything before it is intact.
        try patch(file) { $0[$0.count - 6] ^= 0xFF }
        try expectFailure(file, "damaged")
    }

    @Test("images that are not Hounsfield units are refused by name")
    func notHounsfield() throws {
        let folder = try ScratchFolder()
        let file = folder.file("bad.nii.gz")
        let grid = ramp(Extent3(x: 4, y: 4, z: 4)).mapVoxels { Float($0) }
        func expectRefusal(_ reason: String, _ value: (Int) -> Float) throws {
            var volume = grid
            for index in volume.voxels.indices { volume.voxels[index] = value(index) }
            try NiftiFile.write(volume, to: file)
            try expectFailure(file, reason)
        }
        try expectRefusal("constant") { _ in -1000 }
        try expectRefusal("every voxel is NaN") { _ in .nan }
        try expectRefusal("does not look like Hounsfield units") { Float($0 * 4) }
        try expectRefusal("rescale intercept") { Float($0 * 60) }
        try expectRefusal("expected air near -1000") { Float($0) - 100 }
    }

    @Test("label maps hold whole numbers only")
    func labels() throws {
        let folder = try ScratchFolder()
        let file = folder.file("labels.nii.gz")
        try NiftiFile.write(ramp().mapVoxels { Float($0) / 2 }, to: file)
        #expect(throws: Failure.self) { try NiftiFile.readLabels(file) }
    }

    @Test("a full disk gives a failure and leaves the old file")
    func fullDisk() async {
        await #expect(processExitsWith: .success) {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("full-\(getpid()).nii.gz")
            let small = Volume<UInt8>(extent: Extent3(cube: 4), voxelToWorld: .identity, repeating: 1)
            try NiftiFile.write(small, to: file)
            defer { unlink(file.path) }
            // A limit on file size acts like a full disk, for this process alone.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
            setrlimit(__rlimit_resource_t(1), &limit)
            var generator = SeededGenerator(name: "noise")
            let large = Volume<Int16>(extent: Extent3(cube: 32), voxelToWorld: .identity, repeating: 0)
                .mapVoxels { _ in Int16(truncatingIfNeeded: generator.next()) }
            do {
                try NiftiFile.write(large, to: file)
                exit(3)
            } catch let failure as Failure {
                guard failure.description.contains("cannot write") else { exit(4) }
            }
            guard try NiftiFile.readLabels(file).voxels == small.voxels.map(Int16.init) else { exit(5) }
        }
    }

    // MARK: Helpers

    private func expectFailure(_ file: URL, _ reason: String) throws {
        let failure = #expect(throws: Failure.self) { try NiftiFile.readCT(file) }
        let sentence = try #require(failure).description
        #expect(sentence.contains(reason) && sentence.contains(file.lastPathComponent), "\(sentence)")
    }

    private func patch(_ file: URL, _ change: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: file)
        change(&data)
        try data.write(to: file)
    }

    /// Offsets and sizes of the header's multi-byte fields, format definition nifti1.h.
    private static let headerFields: [(offset: Int, size: Int)] =
        [(0, 4)] + stride(from: 40, to: 56, by: 2).map { ($0, 2) } + [(70, 2), (72, 2)] + stride(from: 76, to: 120, by: 4).map { ($0, 4) }
        + [(252, 2), (254, 2)] + stride(from: 256, to: 328, by: 4).map { ($0, 4) }
}

extension Data {
    fileprivate mutating func setInt16(_ offset: Int, _ value: Int16) {
        withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: Int16.self) }
    }

    fileprivate mutating func setFloat(_ offset: Int, _ value: Float) {
        withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: Float.self) }
    }

    fileprivate mutating func swapEverything(fields: [(offset: Int, size: Int)], voxels: Int) {
        for (offset, size) in fields + (0..<voxels).map({ (352 + 2 * $0, 2) }) {
            let range = offset..<(offset + size)
            replaceSubrange(range, with: self[range].reversed())
        }
    }
}
