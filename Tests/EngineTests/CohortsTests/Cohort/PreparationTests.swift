import Cohorts
import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Preparing a cohort")
struct PreparationTests {
    @Test("end to end: a bad subject is left out, the others' patches are those of a direct cut, the same for any number of threads")
    func endToEnd() throws {
        let trial = try PreparationTrial(withBadSubject: true)
        let report = try trial.preparation("two", threads: 2).run()
        #expect(report.prepared == 2 && report.reused == 0 && !report.interrupted)
        #expect(report.outcomes.map(\.subject) == ["phantom-001", "bad", "phantom-002"])
        #expect(report.outcomes[1].quality.verdict == .refused && report.outcomes[1].quality.reasons[0].contains("bad.nii.gz"))
        let table = try CSVTable(contentsOf: trial.folder.appendingPathComponent("two/quality.csv"))
        // What `workbench lungs` says of them.
        let first = try NiftiFile.readCT(trial.folder.appendingPathComponent("phantom-001.ct.nii.gz"))
        #expect(report.outcomes[0].quality.reasons == (try LungSegmentation.segment(first, parallel: .allProcessors).quality.reasons))
        #expect(table.rows.map { $0.fields[1] } == ["ok", "refused", "ok"])

        let cohort = try PreparedCohort(trial.folder.appendingPathComponent("two"))
        #expect(cohort.atlas.checksum == trial.atlas.checksum)
        #expect(cohort.subjects.map(\.id) == ["phantom-001", "phantom-002"])
        try cohort.patches.requireWhole(0..<cohort.patches.landmarks)
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
        let trial = try PreparationTrial(withBadSubject: false)
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

        // Another setting, another atlas: everything but the lungs, which depend on the scan alone.
        let finer = try trial.preparation("p", settings: PreparationSettings(registrationMillimetres: 3)).run()
        #expect(finer.reused == 0)
        let other = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(7)))
        let mask = trial.folder.appendingPathComponent("p/lungs/phantom-001.nii.gz")
        let before = try Data(contentsOf: mask)
        let again = try trial.preparation("p", atlas: other).run()
        #expect(again.reused == 0 && again.prepared == 2)
        #expect(try Data(contentsOf: mask) == before)
        // A mask of the user's choice in its place shows that it was read and not found again.
        let emptied = try NiftiFile.readLabels(mask).mapVoxels { $0 == 0 ? UInt8(0) : 1 }
        try NiftiFile.write(emptied, to: mask)
        #expect(try trial.preparation("p", atlas: other).run().reused == 1)
        #expect(try Data(contentsOf: mask) == before)
        #expect(try PreparedCohort(trial.folder.appendingPathComponent("p")).patches.landmarks == 7)
    }

    @Test("what a killed run left is removed, a second run at the same time is refused, and the journal tells what happened")
    func killed() throws {
        let trial = try PreparationTrial(withBadSubject: true)
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        let folder = trial.folder.appendingPathComponent("p")
        for place in ["lungs", "finished", "patches.new"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(place), withIntermediateDirectories: true)
            try Data("half".utf8).write(to: folder.appendingPathComponent("\(place)/.partial-1-2-x.nii.gz"))
        }
        let preparation = try trial.preparation("p", atlas: few)
        let second = Counter()
        _ = try preparation.run(isCancelled: {
            if second.next() == 1 {
                let failure = #expect(throws: Failure.self) { try preparation.run() }
                #expect(failure?.description.contains("worked on by another process") == true)
            }
            return false
        })
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.contains(".partial-") } && !files.contains { $0.hasPrefix("patches.new") })

        var watch = PreparationWatch(folder)
        let events = try watch.read()
        #expect(events.first?.kind == .started && events.last?.kind == .finished && !watch.isRunning)
        #expect(events.first?.subjects == ["phantom-001", "bad", "phantom-002"])
        #expect(events.count { $0.kind == .subject } == 3 && events.count { $0.kind == .patches } == 2)
        #expect(try watch.read().isEmpty)
        // A new run is told from its start.
        #expect(try preparation.run().reused == 2)
        let again = try watch.read()
        #expect(again.first?.kind == .started && again.compactMap(\.outcome).count { $0.isReused } == 2)
    }

    @Test("an excluded subject is left out of the patches, and comes back when it is taken back")
    func review() throws {
        let trial = try PreparationTrial(withBadSubject: true)
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        let folder = trial.folder.appendingPathComponent("p")
        _ = try trial.preparation("p", atlas: few).run()
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        #expect(try browser.snapshot().subjects.map { $0.outcome?.quality.verdict } == [.ok, .refused, .ok])
        try browser.review("phantom-001", CohortReview.Entry(decision: .excluded, note: "moved, \"twice\""))
        #expect(try browser.snapshot().needsRun)
        let report = try trial.preparation("p", atlas: few).run()
        #expect(report.excluded == ["phantom-001"] && report.prepared == 1 && report.reused == 2)
        #expect(try PreparedCohort(folder).subjects.map(\.id) == ["phantom-002"])
        let table = try CSVTable(contentsOf: folder.appendingPathComponent("quality.csv"))
        let places = try ["review", "note"].map(table.column)
        #expect(places.map { table.rows[0].fields[$0] } == ["excluded", "moved, \"twice\""])
        #expect(try !browser.snapshot().needsRun)

        try browser.review("phantom-001", nil)
        #expect(try trial.preparation("p", atlas: few).run().prepared == 2)
        #expect(try PreparedCohort(folder).subjects.map(\.id) == ["phantom-001", "phantom-002"])

        // What the screen shows: the subject's lungs, and the atlas where it was registered to.
        let volumes = try browser.volumes("phantom-001")
        let (lungs, atlas) = (try #require(volumes.lungs), try #require(volumes.atlasLungs))
        let both = zip(lungs.voxels, atlas.voxels).count { $0 != 0 && $1 != 0 }
        let sum = lungs.voxels.count { $0 != 0 } + atlas.voxels.count { $0 != 0 }
        #expect(abs(2 * Double(both) / Double(sum) - (try browser.snapshot().subjects[0].outcome?.quality.diceAfter ?? 0)) < 0.02)
        #expect(volumes.landmarks.count == 2)
        #expect(throws: Failure.self) { try browser.volumes("bad") }
        #expect(throws: Failure.self) { try browser.volumes("nobody") }
    }

    @Test("as many scans at once as the memory holds; the patches are the same")
    func memory() throws {
        for (text, bytes) in [("8G", 8 << 30), ("512M", 512 << 20), ("1.5g", 3 << 29), ("1000", 1000)] {
            #expect(try MemoryBudget(text).bytes == bytes)
        }
        for text in ["", "G", "-1G", "many", "0", "1e99"] { #expect(throws: Failure.self) { try MemoryBudget(text) } }
        let trial = try PreparationTrial(withBadSubject: false)
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        #expect(try trial.preparation("two", atlas: few).run().atOnce == 2)
        #expect(try trial.preparation("one", atlas: few, memory: MemoryBudget("200M")).run().atOnce == 1)
        for landmark in 0..<2 {
            let name = String(format: "patches/landmark-%04d.bin", landmark)
            #expect(
                try Data(contentsOf: trial.folder.appendingPathComponent("one/\(name)"))
                    == Data(contentsOf: trial.folder.appendingPathComponent("two/\(name)")))
        }
    }

    @Test("a refused subject keeps its volumes and its mask, to see why")
    func refused() throws {
        let trial = try PreparationTrial(withBadSubject: false)
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        try trial.cutOffSecond()
        let report = try trial.preparation("p", atlas: few).run()
        let quality = report.outcomes[1].quality
        #expect(quality.verdict == .refused && quality.reasons.contains { $0.contains("cut off") } && quality.rightMillilitres > 10)
        let volumes = try CohortBrowser(trial.folder.appendingPathComponent("p"), parallel: .allProcessors).volumes("phantom-002")
        #expect(volumes.lungs?.voxels.contains { $0 != 0 } == true && volumes.atlasLungs == nil)
    }

    @Test(
        "a DICOM folder as image: converted once, kept without the patient's identity",
        .enabled(if: SharedData.hasCT && ExternalTool.converter.place != nil && ExternalTool.headerReader.place != nil))
    func series() throws {
        let scratch = try ScratchFolder()
        try FileManager.default.createDirectory(at: scratch.file("scans"), withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "xzf", SharedData.ct("lungdx-A0002_8mm_B40f_dicom.tar.gz").path, "-C", scratch.file("scans").path]
        try process.run()
        process.waitUntilExit()
        let whole = try LungMask.normalise(
            labels: try NiftiFile.readLabels(SharedData.ct("drasclr_atlas_lung_mask.nii.gz")), parallel: .allProcessors)
        let atlas = try Atlas(lungs: whole, landmarks: Array(Atlas(lungs: whole).landmarks.prefix(3)))
        let preparation = Preparation(
            manifest: try CohortManifest(contentsOf: scratch.file("scans")), atlas: atlas, folder: scratch.file("p"),
            parallel: Parallel(threads: 2))
        #expect(try preparation.run().prepared == 1)
        #expect(try preparation.run().reused == 1)
        let subject = try #require(try CohortCatalogue(scratch.file("p")).subjects.first)
        #expect(subject.image.path == scratch.file("p/images/\(subject.id).nii.gz").path)
        #expect(subject.acquisition?.kernel == "B40f" && subject.acquisition == CTAcquisition.read(beside: subject.image))
        // Another byte in one file of the series, and it is done again.
        let victim = try #require(
            FileManager.default.enumerator(at: scratch.file("scans"), includingPropertiesForKeys: nil)?.allObjects
                .compactMap { $0 as? URL }.first { $0.pathExtension == "dcm" })
        var bytes = try Data(contentsOf: victim)
        bytes[bytes.count - 100_000] ^= 1
        try bytes.write(to: victim)
        #expect(try preparation.run().reused == 0)
    }

    @Test("damaged patches and a foreign atlas are noticed")
    func damage() throws {
        let trial = try PreparationTrial(withBadSubject: false)
        let folder = trial.folder.appendingPathComponent("p")
        let few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
        _ = try trial.preparation("p", atlas: few).run()
        let file = folder.appendingPathComponent("patches/landmark-0001.bin")
        var bytes = try Data(contentsOf: file)
        bytes[5000] ^= 1
        try bytes.write(to: file)
        let damaged = try PreparedCohort(folder)
        #expect(throws: Failure.self) { try damaged.patches.requireWhole(0..<damaged.patches.landmarks) }
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
