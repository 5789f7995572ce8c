import Cohorts
import Dispatch
import Foundation
import Foundations
import Inference
import Masks
import SessionFormat
import Synchronization
import TestSupport
import Testing

@Suite("Masks made while somebody looks", .enabled(if: WorkbenchProcess.isBuilt))
struct MaskServiceTests {
    private static let slice = MaskSlice(axis: 2, index: 24)

    /// A service and what it reported.
    private final class Bench: Sendable {
        let service: MaskService
        private let told = Mutex<[MaskReport]>([])
        private let news = DispatchSemaphore(value: 0)

        init(_ world: SmallWorld) {
            let prepared = URL(fileURLWithPath: world.path("prepared"), isDirectory: true)
            service = MaskService(Self.session(world), cohort: { prepared }, parallel: Parallel(threads: 2))
        }

        static func session(_ world: SmallWorld) -> SessionFolder {
            SessionFolder(URL(fileURLWithPath: world.path("session"), isDirectory: true))
        }

        func ask(_ request: MaskRequest) {
            service.perform(request) { [self] report in
                told.withLock { $0.append(report) }
                news.signal()
            }
        }

        var reports: [MaskReport] { told.withLock { $0 } }

        /// Waits until something was told that `isWanted`; a minute at most.
        func wait(_ isWanted: (MaskReport) -> Bool) -> Bool {
            for _ in 0..<600 {
                if reports.contains(where: isWanted) { return true }
                _ = news.wait(timeout: .now() + 0.1)
            }
            return false
        }

        var complaint: String? {
            for case .failed(let sentence) in reports { return sentence }
            return nil
        }
    }

    @Test("a progressive prediction writes the files of `workbench segment`, byte for byte, and tells the journal once all are there")
    func sameFiles() throws {
        let (world, other) = (try SmallWorld(), try SmallWorld())
        let bench = Bench(world)
        bench.ask(.predict(subject: "a", Self.slice))
        bench.ask(.look(MaskSlice(axis: 0, index: 20)))
        #expect(bench.wait { $0 == .predicted(subject: "a") }, "\(bench.complaint ?? "nothing was told")")
        let parts = bench.reports.count { if case .part = $0 { true } else { false } }
        #expect(parts > 5)
        #expect(try other.run("segment --session session --cohort prepared --subject a --subtype cle").status == 0)
        for name in ["a.cle.nii.gz", "a.cle.probability.nii.gz", "a.cle.nii.gz.json"] {
            #expect(try world.read("session/masks/\(name)") == other.read("session/masks/\(name)"), "\(name)")
        }
        #expect(
            try JournalTail.last(Bench.session(world))?.event
                == .mask(MaskWritten(subject: "a", subtype: "cle", file: "masks/a.cle.nii.gz")))
        #expect(try world.unfinished().isEmpty)
    }

    @Test("stopping, or leaving the program, writes nothing")
    func stopped() throws {
        let world = try SmallWorld()
        let before = try world.contents(of: "session")
        let bench = Bench(world)
        bench.ask(.predict(subject: "a", Self.slice))
        #expect(bench.wait { if case .part = $0 { true } else { false } })
        bench.ask(.predict(subject: "b", Self.slice))
        #expect(bench.complaint?.contains("goes on in this session already") == true)
        bench.ask(.stop)
        #expect(bench.wait { $0 == .stopped })
        bench.ask(.predict(subject: "b", Self.slice))
        bench.service.finish()
        #expect(bench.wait { report in bench.reports.count { $0 == .stopped } == 2 })
        #expect(try world.contents(of: "session") == before)
    }

    @Test("while a run works on the session nothing is predicted or trained; a session without boxes says what is missing")
    func refused() throws {
        let world = try SmallWorld()
        var lock: FileLock? = try FileLock(Bench.session(world))
        for request in [MaskRequest.predict(subject: "a", Self.slice), .planFineTuning, .fineTune] {
            let bench = Bench(world)
            bench.ask(request)
            #expect(bench.wait { if case .failed = $0 { true } else { false } })
            #expect(bench.complaint?.contains("a run works on session") == true, "\(request)")
        }
        withExtendedLifetime(lock) {}
        lock = nil
        try world.write("subject,subtype,x,y,z\n", to: "session/boxes.csv")
        let bench = Bench(world)
        bench.ask(.planFineTuning)
        #expect(bench.wait { if case .failed = $0 { true } else { false } })
        #expect(bench.complaint?.contains("there is no CLE box") == true)
    }

    @Test("fine-tuning adds corrections to the boxes of the training before, makes masks stale and is journalled")
    func fineTunes() throws {
        let world = try SmallWorld()
        let session = Bench.session(world)
        // `workbench finetune` kept its four boxes, each with its CT's checksum.
        let kept = try SessionBoxes.read(session)
        #expect(kept.count == 4 && kept.allSatisfy { $0.image?.count == 64 })
        let bench = Bench(world)
        let correction = LesionBox(
            subject: "b", label: .paraseptal, centre: Point3(22, 6, 0), image: kept.first { $0.subject == "b" }?.image)
        bench.ask(.change(.place(correction)))
        bench.ask(.change(.place(LesionBox(subject: "b", label: .cle, centre: Point3(22, 0, 0), image: "another CT"))))
        #expect(bench.wait { if case .boxes(let boxes) = $0 { boxes.count == 6 } else { false } })
        bench.ask(.planFineTuning)
        #expect(bench.wait { if case .planned = $0 { true } else { false } }, "\(bench.complaint ?? "")")
        for case .planned(let plan) in bench.reports {
            #expect(plan.subtypes == [.centrilobular, .paraseptal])
            #expect(plan.lines.contains { $0.contains("2 boxes against 1 paraseptal and 2 healthy") })
            #expect(plan.lines.contains { $0.contains("not in this cohort: 1 box.") })
        }
        let before = try world.read("session/classifiers/cle.safetensors")
        bench.ask(.fineTune)
        #expect(bench.wait { if case .fineTuned = $0 { true } else { false } }, "\(bench.complaint ?? "")")
        #expect(try world.read("session/classifiers/cle.safetensors") != before)
        #expect(world.exists("session/classifiers/paraseptal.safetensors") && !bench.service.holdsSession)
        guard case .classifiers(let told)? = try JournalTail.last(session)?.event else {
            Issue.record("the journal does not tell")
            return
        }
        #expect(told.subtypes == ["cle", "paraseptal"] && told.summary.contains("CLE: 2 boxes against 3") && told.refusal == nil)
        // A box on another CT of that name is refused by the command, too.
        let all = try SessionBoxes.read(session)
        #expect(all.count == 6)
        let found = try world.run("finetune --session session --cohort prepared --boxes session/boxes.csv --subtype cle")
        #expect(found.status == 1 && found.errors.contains("was placed on another CT than the cohort's of that name"))
    }
}
