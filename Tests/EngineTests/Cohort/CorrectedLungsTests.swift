import Engine
import Foundation
import Testing

@Suite("A reader's word on prepared lungs")
struct CorrectedLungsTests {
    private let trial: PreparationTrial
    private let few: Atlas
    private var folder: URL { trial.folder.appendingPathComponent("p") }
    private var scan: URL { trial.folder.appendingPathComponent("phantom-001.ct.nii.gz") }

    init() throws {
        trial = try PreparationTrial(withBadSubject: false)
        few = try Atlas(lungs: trial.atlas.lungs, landmarks: Array(trial.atlas.landmarks.prefix(2)))
    }

    @discardableResult
    private func prepare() throws -> Preparation.Report { try trial.preparation("p", atlas: few).run() }

    /// A voxel in the middle of the right lung's largest slice.
    private func seed(_ lungs: Volume<UInt8>) -> VoxelIndex {
        var sum = Point3.zero
        var count = 0.0
        lungs.forEachVoxel { voxel, place in
            guard lungs.voxels[place] == 1 else { return }
            sum += voxel.point
            count += 1
        }
        let middle = VoxelIndex(nearestTo: sum / count)
        precondition(lungs[middle] == 1)
        return middle
    }

    @Test("a corrected mask is what is prepared with, until it is taken back")
    func corrections() throws {
        try prepare()
        let before = try trial.quality("p", "phantom-001")
        let mask = folder.appendingPathComponent("lungs/phantom-001.nii.gz")
        let automatic = try Data(contentsOf: mask)
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        let shown = try browser.volumes("phantom-001")
        let lungs = try #require(shown.lungs)
        let cut = LungCorrection.cut(seed(lungs), axis: 2, beyond: .lower)
        let corrected = try browser.correct("phantom-001", .add(cut), shown)
        #expect(corrected.corrections == 1 && corrected.lungs?.voxels == (try cut.applied(to: lungs).voxels))
        #expect(try browser.snapshot().needsRun && browser.snapshot().subjects[0].corrections == 1)
        #expect(try CohortBrowser(folder, parallel: .allProcessors).volumes("phantom-001").lungs?.voxels == corrected.lungs?.voxels)
        // What is there was prepared without it.
        #expect(try Data(contentsOf: mask) == automatic)

        #expect(try prepare().reused == 1)
        let after = try trial.quality("p", "phantom-001")
        #expect(after["lungs"] == "corrected" && before["lungs"] == "")
        #expect(
            Double(after["right_ml"] ?? "") ?? 0 < 0.8 * (Double(before["right_ml"] ?? "") ?? 0) && after["left_ml"] == before["left_ml"])
        // Whoever reads the lungs sees two labels; the screen sees what may not be lung.
        let used = try NiftiFile.readLabels(mask)
        #expect(used.voxels.map { UInt8($0) } == corrected.lungs?.withoutDoubtful.voxels)
        #expect(try browser.volumes("phantom-001").lungs?.voxels == corrected.lungs?.voxels)
        #expect(try !browser.snapshot().needsRun && prepare().reused == 2)

        // A second one on top, which goes on from the first; both back again.
        let twice = try browser.correct("phantom-001", .add(.take(seed(lungs))), try browser.volumes("phantom-001"))
        #expect(twice.corrections == 2 && twice.lungs?.voxels.contains(1) == false)
        let once = try browser.correct("phantom-001", .removeLast, twice)
        #expect(once.corrections == 1 && once.lungs?.voxels == corrected.lungs?.voxels)
        let none = try browser.correct("phantom-001", .removeLast, once)
        #expect(none.corrections == 0 && none.lungs?.voxels == lungs.voxels)
        #expect(throws: Failure.self) { try browser.correct("phantom-001", .removeLast, none) }
        #expect(try browser.snapshot().needsRun && prepare().reused == 1)
        #expect(try Data(contentsOf: mask) == automatic && !browser.snapshot().needsRun)
        for name in ["right_ml", "left_ml", "dice_after", "reasons", "lungs"] {
            #expect(try trial.quality("p", "phantom-001")[name] == before[name], "\(name)")
        }
        let left = ["corrected", "automatic", "doubtful"].flatMap { name in
            (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(name).path)) ?? []
        }
        #expect(left.isEmpty, "\(left)")
    }

    @Test("another scan of the same name: its lungs are neither corrected nor prepared with corrections of the one before")
    func otherScan() throws {
        try prepare()
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        let shown = try browser.volumes("phantom-001")
        let take = LungCorrection.take(seed(try #require(shown.lungs)))
        let corrected = try browser.correct("phantom-001", .add(take), shown)
        // The same grid, another patient's voxels.
        var other = try NiftiFile.readCT(scan)
        for place in other.voxels.indices where place % 7 == 0 { other.voxels[place] &+= 1 }
        try NiftiFile.write(other, to: scan)
        let changed = #expect(throws: Failure.self) { try browser.correct("phantom-001", .add(take), corrected) }
        #expect(changed?.description.contains("has changed since it was read") == true)
        try prepare()
        let quality = try trial.quality("p", "phantom-001")
        #expect(
            quality["reasons"]?.contains("corrected on another scan") == true && quality["lungs"] == "" && quality["verdict"] == "warning")
        #expect(Double(quality["right_ml"] ?? "") ?? 0 > 10)
        #expect(try !browser.snapshot().needsRun)
        let now = try browser.volumes("phantom-001")
        #expect(now.corrections == 0 && now.lungs?.voxels.contains(1) == true)
        #expect(now.correctionFault?.contains("corrected on another scan") == true)
        let refused = #expect(throws: Failure.self) { try browser.correct("phantom-001", .add(take), now) }
        #expect(refused?.description.contains("corrected on another scan than it has now") == true)
        let cleared = try browser.correct("phantom-001", .removeAll, now)
        #expect(cleared.correctionFault == nil)
        #expect(try browser.correct("phantom-001", .add(take), try browser.volumes("phantom-001")).corrections == 1)
    }

    @Test("a corrected mask that is gone is made again from its list; a damaged list is said, and nothing prepared with it")
    func damage() throws {
        try prepare()
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        let shown = try browser.volumes("phantom-001")
        let corrected = try browser.correct("phantom-001", .add(.take(seed(try #require(shown.lungs)))), shown)
        let file = folder.appendingPathComponent("corrected/phantom-001.nii.gz")
        try Data("cut off".utf8).write(to: file)
        #expect(try browser.volumes("phantom-001").lungs?.voxels == corrected.lungs?.voxels)
        try Data("no list".utf8).write(to: folder.appendingPathComponent("corrected/phantom-001.json"))
        #expect(try browser.volumes("phantom-001").correctionFault?.contains("phantom-001.json are damaged") == true)
        let outcome = try prepare().outcomes[0]
        #expect(outcome.quality.verdict == .refused && outcome.quality.reasons[0].contains("delete that file"))
    }

    @Test("a refused scan is prepared once it is accepted with a reason, and left out again without")
    func accepted() throws {
        try trial.cutOffSecond()
        let sidecar = CTAcquisition(kernel: "B70f", sliceThicknessMillimetres: 5)
        try JSONEncoder().encode(sidecar).write(to: trial.folder.appendingPathComponent("phantom-002.ct.nii.gz.json"))
        #expect(try prepare().prepared == 1)
        // What is known of a refused scan is in the table, too.
        let refused = try trial.quality("p", "phantom-002")
        #expect(refused["verdict"] == "refused" && refused["kernel"] == "B70f" && refused["slice_mm"] == "5.00")
        #expect(refused["cautions"] == sidecar.densitometryCautions.joined(separator: "; ") && sidecar.densitometryCautions.count == 2)
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        try browser.review("phantom-002", CohortReview.Entry(decision: .accepted))
        #expect(try prepare().prepared == 1 && !browser.snapshot().needsRun)
        try browser.review("phantom-002", CohortReview.Entry(decision: .accepted, note: "bases known from the scan before"))
        #expect(try browser.snapshot().needsRun)
        let report = try prepare()
        #expect(report.prepared == 2 && report.reused == 1)
        let quality = try trial.quality("p", "phantom-002")
        #expect(quality["verdict"] == "warning" && quality["review"] == "accepted" && quality["note"] == "bases known from the scan before")
        #expect(
            quality["reasons"]?.contains("accepted by the reader although refused") == true
                && quality["reasons"]?.contains("cut off") == true)
        #expect(try PreparedCohort(folder).subjects.map(\.id) == ["phantom-001", "phantom-002"])
        #expect(try prepare().reused == 2 && !browser.snapshot().needsRun)
        try browser.review("phantom-002", nil)
        #expect(try browser.snapshot().needsRun)
        #expect(try prepare().prepared == 1 && trial.quality("p", "phantom-002")["verdict"] == "refused")
    }

    @Test("volumes are expected as `workbench lungs` expects them, and the overlap before registration is that of the lungs' centres")
    func quality() throws {
        var far = trial.atlas.lungs
        far.voxelToWorld.translation += [400, -300, 900]
        let atlas = try Atlas(lungs: far, landmarks: few.landmarks)
        let report = try trial.preparation("p", atlas: atlas).run()
        for (index, outcome) in report.outcomes.enumerated() {
            let ct = try NiftiFile.readCT(trial.folder.appendingPathComponent("phantom-00\(index + 1).ct.nii.gz"))
            let found = try LungSegmentation.segment(ct, parallel: .allProcessors).quality
            #expect(outcome.quality.reasons == found.reasons && outcome.quality.verdict == found.verdict)
            #expect(outcome.quality.diceBefore > 0.4 && outcome.quality.diceBefore < outcome.quality.diceAfter)
        }
    }

    @Test("thick slices are a caution where the scanner told nothing, in the table as on the screen")
    func cautions() {
        let thick = Affine3(scale: [0.8, 0.8, 5], translation: .zero)
        #expect(ScanCautions.of(nil, voxelToWorld: thick) == ["slices are 5 mm apart, more than 2.5 mm"])
        #expect(ScanCautions.of(CTAcquisition(kernel: "B70f"), voxelToWorld: thick).count == 2)
        #expect(ScanCautions.of(CTAcquisition(sliceThicknessMillimetres: 1), voxelToWorld: thick).isEmpty)
        #expect(ScanCautions.of(nil, voxelToWorld: .identity).isEmpty)
    }
}
