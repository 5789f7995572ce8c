import Engine
import Foundation
import Testing

@Suite("Preparing a cohort")
struct PreparationTests {
    /// A folder with a phantom cohort of two, an atlas, and a third subject whose image is none; gone with the value.
    private final class Trial {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("preparation-\(UUID().uuidString)")
        let atlas: Atlas
        var cohort: URL { folder.appendingPathComponent("cohort.csv") }

        init(withBadSubject: Bool) throws {
            let phantom = ThoraxPhantom(size: .compact, seed: 5)
            _ = try PhantomCohort.write(phantom, subjects: 2, to: folder, parallel: .allProcessors) { _ in }
            atlas = try Atlas(lungs: try NiftiFile.readLabels(folder.appendingPathComponent("atlas.lungs.nii.gz")).mapVoxels { UInt8($0) })
            guard withBadSubject else { return }
            try Data("not an image".utf8).write(to: folder.appendingPathComponent("bad.nii.gz"))
            let commas = String(repeating: ",", count: PhantomLabels.names.count)
            var lines = try String(contentsOf: cohort, encoding: .utf8).split(separator: "\n").map(String.init)
            lines.insert("bad,bad.nii.gz" + commas, at: 2)
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: cohort)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func preparation(_ name: String, threads: Int = 2, atlas other: Atlas? = nil) throws -> Preparation {
            Preparation(
                manifest: try CohortManifest(contentsOf: cohort), atlas: other ?? atlas, folder: folder.appendingPathComponent(name),
                parallel: Parallel(threads: threads))
        }

        func patches(_ name: String) throws -> [Data] {
            try atlas.landmarks.indices.map {
                try Data(contentsOf: folder.appendingPathComponent(String(format: "%@/patches/landmark-%04d.bin", name, $0)))
            }
        }
    }

    @Test("end to end: a bad subject is left out, the others' patches are those of a direct cut, the same for any number of threads")
    func endToEnd() throws {
        let trial = try Trial(withBadSubject: true)
        let report = try trial.preparation("two", threads: 2).run()
        #expect(report.prepared == 2 && report.reused == 0 && !report.interrupted)
        #expect(report.qualities.map(\.subject) == ["phantom-001", "bad", "phantom-002"])
        #expect(report.qualities[1].quality.verdict == .refused && report.qualities[1].quality.reasons[0].contains("bad.nii.gz"))
        let table = try CSVTable(contentsOf: trial.folder.appendingPathComponent("two/quality.csv"))
        #expect(table.rows.map { $0.fields[1] } == ["ok", "refused", "ok"])

        let cohort = try PreparedCohort(trial.folder.appendingPathComponent("two"))
        #expect(cohort.atlas.checksum == trial.atlas.checksum)
        #expect(cohort.subjects.map(\.id) == ["phantom-001", "phantom-002"])
        try cohort.patches.verify()
        for (place, subject) in cohort.subjects.enumerated() {
            #expect(subject.quality.diceAfter > 0.88 && subject.quality.diceAfter > subject.quality.diceBefore)
            #expect(subject.labels["cle"] != nil)
            let lungs = try NiftiFile.readLabels(subject.lungs).mapVoxels { UInt8($0) }
            let map = try ItkTransformFile.read(trial.folder.appendingPathComponent("two/transforms/\(subject.id).txt"))
            #expect(length(map([30, 20, 10]) - subject.atlasToSubject([30, 20, 10])) < 1e-6)
            let image = PreparedImage(
                ct: try NiftiFile.readCT(subject.image), lungs: lungs, atlasToSubject: subject.atlasToSubject, atlas: cohort.atlas,
                parallel: .allProcessors)
            #expect(Orientation.name(of: image.image.voxelToWorld) == "LAS")
            for (landmark, corner) in image.corners(cohort.atlas).enumerated() {
                let isEqual = cohort.patches.withPatch(landmark: landmark, subject: place) { patch in
                    (0..<PatchStore.patchVoxels).allSatisfy { index in
                        let voxel = VoxelIndex(x: corner.x + index % 32, y: corner.y + index / 32 % 32, z: corner.z + index / 1024)
                        return patch[index] == (image.image.extent.contains(voxel) ? min(max(image.image[voxel], -1024), 240) : -1024)
                    }
                }
                #expect(isEqual, "landmark \(landmark) of \(subject.id)")
            }
        }
        _ = try trial.preparation("one", threads: 1).run()
        #expect(try trial.patches("one") == trial.patches("two"))
    }

    @Test("an interrupted run goes on where it was; only what changed is done again")
    func resuming() throws {
        let trial = try Trial(withBadSubject: false)
        let calls = Counter()
        let interrupted = try trial.preparation("p", threads: 1).run(isCancelled: { calls.next() > 1 })
        #expect(interrupted.interrupted && interrupted.prepared == 1)
        #expect(throws: Failure.self) { try PreparedCohort(trial.folder.appendingPathComponent("p")) }
        let resumed = try trial.preparation("p").run()
        #expect(resumed.reused == 1 && resumed.prepared == 2)
        let patches = try trial.patches("p")
        #expect(try trial.preparation("p").run().reused == 2)
        #expect(try trial.patches("p") == patches)

        // The second subject's scan becomes the first one's.
        let (first, second) = (
            trial.folder.appendingPathComponent("phantom-001.ct.nii.gz"), trial.folder.appendingPathComponent("phantom-002.ct.nii.gz")
        )
        try FileManager.default.removeItem(at: second)
        try FileManager.default.copyItem(at: first, to: second)
        #expect(try trial.preparation("p").run().reused == 1)
        let cohort = try PreparedCohort(trial.folder.appendingPathComponent("p"))
        let isSame = cohort.patches.withPatches(3) { all in
            all[..<PatchStore.patchVoxels].elementsEqual(all[PatchStore.patchVoxels...])
        }
        #expect(isSame)

        // Another atlas: everything.
        let other = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(7)))
        #expect(try trial.preparation("p", atlas: other).run().reused == 0)
        #expect(try PreparedCohort(trial.folder.appendingPathComponent("p")).patches.landmarks == 7)
    }

    @Test("damaged patches and a foreign atlas are noticed")
    func damage() throws {
        let trial = try Trial(withBadSubject: false)
        let folder = trial.folder.appendingPathComponent("p")
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        _ = try trial.preparation("p", atlas: few).run()
        let file = folder.appendingPathComponent("patches/landmark-0001.bin")
        var bytes = try Data(contentsOf: file)
        bytes[5000] ^= 1
        try bytes.write(to: file)
        let damaged = try PreparedCohort(folder)
        #expect(throws: Failure.self) { try damaged.patches.verify() }
        try bytes.dropLast(2).write(to: file)
        #expect(throws: Failure.self) { try PreparedCohort(folder) }
        try AtlasFolder.write(trial.atlas, to: folder.appendingPathComponent("atlas"))
        let failure = #expect(throws: Failure.self) { try PreparedCohort(folder) }
        #expect(failure?.description.contains("another atlas") == true)
    }
}

/// Counts calls from several threads.
private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}
