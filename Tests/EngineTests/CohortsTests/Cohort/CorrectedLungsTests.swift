import Cohorts
import Foundation
import Foundations
import Imaging
import Testing

@Suite("A reader's word on prepared lungs")
struct CorrectedLungsTests {
    private let trial: SmallThoraxTrial
    private var folder: URL { trial.prepared }
    private var scan: URL { trial.scan(1) }

    init() throws { trial = try SmallThoraxTrial() }

    @discardableResult
    private func prepare() throws -> Preparation.Report { try trial.prepare() }

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
        let before = try trial.quality("thorax-1")
        let mask = folder.appendingPathComponent("lungs/thorax-1.nii.gz")
        let automatic = try Data(contentsOf: mask)
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        let shown = try browser.volumes("thorax-1")
        let lungs = try #require(shown.lungs)
        let cut = LungCorrection.cut(seed(lungs), axis: 2, beyond: .lower)
        let corrected = try browser.correct("thorax-1", .add(cut), shown)
        #expect(try corrected.corrections == 1 && corrected.lungs?.voxels == cut.applied(to: lungs).voxels)
        #expect(try browser.snapshot().needsRun && browser.snapshot().subjects[0].corrections == 1)
        #expect(try CohortBrowser(folder, parallel: .allProcessors).volumes("thorax-1").lungs?.voxels == corrected.lungs?.voxels)
        // What is there was prepared without it.
        #expect(try Data(contentsOf: mask) == automatic)

        #expect(try prepare().reused == 1)
        let after = try trial.quality("thorax-1")
        #expect(after["lungs"] == "corrected" && before["lungs"] == "")
        #expect(
            Double(after["right_ml"] ?? "") ?? 0 < 0.8 * (Double(before["right_ml"] ?? "") ?? 0) && after["left_ml"] == before["left_ml"])
        // Whoever reads the lungs sees two labels; the screen sees what may not be lung.
        let used = try NiftiFile.readLabels(mask)
        #expect(used.voxels.map { UInt8($0) } == corrected.lungs?.withoutDoubtful.voxels)
        #expect(try browser.volumes("thorax-1").lungs?.voxels == corrected.lungs?.voxels)
        #expect(try !browser.snapshot().needsRun && prepare().reused == 2)

        // A second one on top, which goes on from the first; both back again.
        let twice = try browser.correct("thorax-1", .add(.take(seed(lungs))), try browser.volumes("thorax-1"))
        #expect(twice.corrections == 2 && twice.lungs?.voxels.contains(1) == false)
        let once = try browser.correct("thorax-1", .removeLast, twice)
        #expect(once.corrections == 1 && once.lungs?.voxels == corrected.lungs?.voxels)
        let none = try browser.correct("thorax-1", .removeLast, once)
        #expect(none.corrections == 0 && none.lungs?.voxels == lungs.voxels)
        #expect(throws: Failure.self) { try browser.correct("thorax-1", .removeLast, none) }
        #expect(try browser.snapshot().needsRun && prepare().reused == 1)
        #expect(try Data(contentsOf: mask) == automatic && !browser.snapshot().needsRun)
        for name in ["right_ml", "left_ml", "dice_after", "reasons", "lungs"] {
            #expect(try trial.quality("thorax-1")[name] == before[name], "\(name)")
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
        let shown = try browser.volumes("thorax-1")
        let take = LungCorrection.take(seed(try #require(shown.lungs)))
        let corrected = try browser.correct("thorax-1", .add(take), shown)
        // The same grid, another patient's voxels.
        var other = try NiftiFile.readCT(scan)
        for place in other.voxels.indices where place % 7 == 0 { other.voxels[place] &+= 1 }
        try NiftiFile.write(other, to: scan)
        let changed = #expect(throws: Failure.self) { try browser.correct("thorax-1", .add(take), corrected) }
        #expect(changed?.description.contains("has changed since it was read") == true)
        try prepare()
        let quality = try trial.quality("thorax-1")
        #expect(
            quality["reasons"]?.contains("corrected on another scan") == true && quality["lungs"] == "" && quality["verdict"] == "warning")
        #expect(Double(quality["right_ml"] ?? "") ?? 0 > 10)
        #expect(try !browser.snapshot().needsRun)
        let now = try browser.volumes("thorax-1")
        #expect(now.corrections == 0 && now.lungs?.voxels.contains(1) == true)
        #expect(now.correctionFault?.contains("corrected on another scan") == true)
        let refused = #expect(throws: Failure.self) { try browser.correct("thorax-1", .add(take), now) }
        #expect(refused?.description.contains("corrected on another scan than it has now") == true)
        let cleared = try browser.correct("thorax-1", .removeAll, now)
        #expect(cleared.correctionFault == nil)
        #expect(try browser.correct("thorax-1", .add(take), try browser.volumes("thorax-1")).corrections == 1)
    }

    @Test("a corrected mask that is gone is made again from its list; a damaged list is said, and nothing prepared with it")
    func damage() throws {
        try prepare()
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        let shown = try browser.volumes("thorax-1")
        let corrected = try browser.correct("thorax-1", .add(.take(seed(try #require(shown.lungs)))), shown)
        let file = folder.appendingPathComponent("corrected/thorax-1.nii.gz")
        try Data("cut off".utf8).write(to: file)
        #expect(try browser.volumes("thorax-1").lungs?.voxels == corrected.lungs?.voxels)
        try Data("no list".utf8).write(to: folder.appendingPathComponent("corrected/thorax-1.json"))
        #expect(try browser.volumes("thorax-1").correctionFault?.contains("thorax-1.json are damaged") == true)
        let outcome = try prepare().outcomes[0]
        #expect(outcome.quality.verdict == .refused && outcome.quality.reasons[0].contains("delete that file"))
    }

    @Test("a refused scan is prepared once it is accepted with a reason, and left out again without")
    func accepted() throws {
        try trial.write(2, upTo: 40)
        let sidecar = CTAcquisition(kernel: "B70f", sliceThicknessMillimetres: 5)
        try JSONEncoder().encode(sidecar).write(to: CTAcquisition.file(beside: trial.scan(2)))
        #expect(try prepare().prepared == 1)
        // What is known of a refused scan is in the table, too.
        let refused = try trial.quality("thorax-2")
        #expect(refused["verdict"] == "refused" && refused["kernel"] == "B70f" && refused["slice_mm"] == "5.00")
        #expect(refused["cautions"] == sidecar.densitometryCautions.joined(separator: "; ") && sidecar.densitometryCautions.count == 2)
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        try browser.review("thorax-2", CohortReview.Entry(decision: .accepted))
        #expect(try prepare().prepared == 1 && !browser.snapshot().needsRun)
        try browser.review("thorax-2", CohortReview.Entry(decision: .accepted, note: "bases known from the scan before"))
        #expect(try browser.snapshot().needsRun)
        let report = try prepare()
        #expect(report.prepared == 2 && report.reused == 1)
        let quality = try trial.quality("thorax-2")
        #expect(quality["verdict"] == "warning" && quality["review"] == "accepted" && quality["note"] == "bases known from the scan before")
        #expect(
            quality["reasons"]?.contains("accepted by the reader although refused") == true
                && quality["reasons"]?.contains("cut off") == true)
        #expect(try PreparedCohort(folder).subjects.map(\.id) == ["thorax-1", "thorax-2"])
        #expect(try prepare().reused == 2 && !browser.snapshot().needsRun)
        try browser.review("thorax-2", nil)
        #expect(try browser.snapshot().needsRun)
        #expect(try prepare().prepared == 1 && trial.quality("thorax-2")["verdict"] == "refused")
    }

    @Test("what could not be prepared even if it were accepted is said before, and again where it is accepted all the same")
    func beyondAcceptance() throws {
        // A slab of lung: no two patients' lungs differ by so much.
        try trial.write(2, upTo: 22)
        let outcome = try #require(try prepare().outcomes.first { $0.subject == "thorax-2" })
        let fault = try #require(outcome.quality.acceptanceFault)
        #expect(outcome.quality.verdict == .refused && fault.contains("stretches lengths"), "\(outcome.quality)")
        #expect(outcome.quality.reasons.last == "it cannot be accepted either: \(fault)")
        #expect(try trial.quality("thorax-2")["reasons"]?.contains("it cannot be accepted either") == true)
        let browser = CohortBrowser(folder, parallel: .allProcessors)
        #expect(try browser.snapshot().subjects.last?.outcome?.quality.acceptanceFault == fault)
        try browser.review("thorax-2", CohortReview.Entry(decision: .accepted, note: "all there is"))
        let accepted = try #require(try prepare().outcomes.first { $0.subject == "thorax-2" })
        #expect(accepted.quality.verdict == .refused && accepted.quality.acceptanceFault == fault)
        #expect(accepted.quality.reasons == ["accepted by the reader, but it cannot be prepared: \(fault)"])
    }

    @Test("the overlap before registration is that of the lungs with their centres brought together")
    func overlap() throws {
        let report = try trial.prepare(atlasAt: [400, -300, 900])
        #expect(report.prepared == 2)
        for outcome in report.outcomes {
            #expect(outcome.quality.diceBefore > 0.6 && outcome.quality.diceBefore <= outcome.quality.diceAfter)
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
