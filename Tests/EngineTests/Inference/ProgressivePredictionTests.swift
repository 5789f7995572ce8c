import Cohorts
import Foundation
import Foundations
import Inference
import Masks
import SessionFormat
import Testing

@Suite("Progressive prediction")
struct ProgressivePredictionTests {
    private static let slices = [MaskSlice(axis: 2, index: 12), MaskSlice(axis: 0, index: 20), MaskSlice(axis: 2, index: 21)]

    private struct Outcome {
        var masks: [EmphysemaMask]
        var begin: PartialPrediction
        var parts: [PartialPrediction.Part] = []
        /// After each part.
        var partials: [PartialPrediction] = []
    }

    private func predict(_ trial: DenseCase, _ classifiers: [Classifier], stride: Int = 4, threads: Int = 2) throws -> Outcome {
        let prediction = try ProgressivePrediction(
            trial.image, atlas: TinyCohort.atlas, classifiers: classifiers, stride: stride, parallel: Parallel(threads: threads))
        var outcome = Outcome(masks: [], begin: prediction.beginning(subject: "s1"))
        var partial = outcome.begin
        var rounds = 0
        let masks = try prediction.run(
            wanted: {
                rounds += 1
                return Self.slices[rounds / 3 % Self.slices.count]
            }, isCancelled: { false },
            report: {
                partial.fold($0)
                outcome.parts.append($0)
                outcome.partials.append(partial)
            })
        outcome.masks = try #require(masks)
        return outcome
    }

    @Test("the finished masks are those of a prediction in one go, byte for byte", arguments: [(4, 8), (8, 8), (4, 9)])
    func sameBytes(stride: Int, secondEncoder: UInt64) throws {
        let trial = try DenseCase()
        let classifiers = [trial.classifier, DenseCase.classifier(.paraseptal, encoder: secondEncoder)]
        let whole = try #require(
            try EmphysemaMask.segment(
                trial.image, atlas: TinyCohort.atlas, classifiers: classifiers, stride: stride, parallel: Parallel(threads: 2)))
        for threads in [1, 3] {
            let found = try predict(trial, classifiers, stride: stride, threads: threads).masks
            #expect(found.map(\.subtype) == [.centrilobular, .paraseptal])
            for (one, other) in zip(found, whole.masks) {
                #expect(one.probability.voxels == other.probability.voxels && one.mask.voxels == other.mask.voxels)
                #expect(one.volumes == other.volumes && other.volumes.total.lung_ml > 0)
            }
        }
        let marked = whole.masks[0].mask.voxels.count { $0 != 0 }
        #expect(marked > 0 && marked < whole.masks[0].mask.voxels.count)
    }

    @Test("what is shown grows from nothing to what the finished masks say, and a slice is coarse before it is fine")
    func partial() throws {
        let trial = try DenseCase()
        let classifiers = [trial.classifier, DenseCase.classifier(.paraseptal, encoder: 8)]
        let outcome = try predict(trial, classifiers)
        let lungs = trial.image.lungs
        let inside = (0..<lungs.voxels.count).filter { lungs.voxels[$0] != 0 }.map { offset in
            VoxelIndex(x: offset % 48, y: offset / 48 % 48, z: offset / 48 / 48)
        }
        #expect(outcome.begin.done == 0 && inside.allSatisfy { outcome.begin.probabilities(at: $0) == nil })
        #expect(outcome.begin.strideReached(axis: 2, index: 12) == nil)
        let last = try #require(outcome.partials.last)
        #expect(last.fraction == 1 && last.done == last.total)
        for voxel in inside {
            let found = try #require(last.probabilities(at: voxel))
            for subtype in 0..<2 {
                // Finished probabilities are rounded to 1/1024.
                #expect(abs(found[subtype] - outcome.masks[subtype].probability[voxel]) <= 0.5 / 1024 + 1e-5)
            }
        }
        let reached = outcome.partials.map { $0.strideReached(axis: 2, index: 12) }
        #expect(reached.contains(8) && reached.last == 4)
        #expect(try #require(reached.firstIndex(of: 8)) < #require(reached.firstIndex(of: 4)))
        // Coarse values are interpolated between points that stay as they are.
        let middle = VoxelIndex(x: 16, y: 16, z: 16)
        #expect(Set(outcome.partials.compactMap { $0.probabilities(at: middle)?[0] }).count == 1)
    }

    @Test("parts that were written down and read again show the same; damaged ones are left out")
    func coding() throws {
        let outcome = try predict(try DenseCase(), [DenseCase.classifier(.paraseptal, encoder: 8)])
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        var copy = try decoder.decode(PartialPrediction.self, from: try encoder.encode(outcome.begin))
        #expect(copy == outcome.begin)
        for part in outcome.parts {
            guard case .part(let read) = try decoder.decode(MaskReport.self, from: try encoder.encode(MaskReport.part(part))) else {
                Issue.record("another report")
                return
            }
            copy.fold(read)
        }
        #expect(copy == outcome.partials.last)
        for part in [
            PartialPrediction.Part(points: [1 << 30], values: [[0.5]]), PartialPrediction.Part(points: [0], values: [[.nan]]),
            PartialPrediction.Part(points: [0], values: []), PartialPrediction.Part(points: [0, 1], values: [[0.5]]),
        ] { copy.fold(part) }
        #expect(copy == outcome.partials.last)
    }

    @Test("a cancelled prediction gives nothing")
    func cancelled() throws {
        let trial = try DenseCase()
        let prediction = try ProgressivePrediction(
            trial.image, atlas: TinyCohort.atlas, classifiers: [trial.classifier], stride: 4, parallel: Parallel(threads: 2))
        var rounds = 0
        let masks = try prediction.run(wanted: { Self.slices[0] }, isCancelled: { rounds >= 2 }, report: { _ in rounds += 1 })
        #expect(masks == nil && rounds == 2)
    }
}

@Suite("The boxes of a session")
struct SessionBoxesTests {
    private static func box(_ subject: String, _ label: LesionBox.Label, _ x: Double, image: String? = nil) -> LesionBox {
        LesionBox(subject: subject, label: label, centre: Point3(x, -2.5, 0.07), image: image)
    }

    @Test("changes are written at once, and taken back by their inverse")
    func changes() throws {
        let scratch = try ScratchFolder()
        let session = SessionFolder(scratch.url)
        let (first, second) = (Self.box("a", .cle, 1, image: "c0ffee"), Self.box("b, c", .healthy, 2))
        #expect(try SessionBoxes.read(session).isEmpty)
        #expect(try SessionBoxes.apply(.place(first), to: session) == [first])
        #expect(try SessionBoxes.apply(.place(second), to: session) == [first, second])
        // What `workbench finetune --boxes` reads.
        #expect(try LesionBox.read(session.boxes) == [first, second])
        let text = try String(contentsOf: session.boxes, encoding: .utf8)
        #expect(text.hasPrefix("subject,subtype,x,y,z,image\na,cle,1.0,-2.5,0.07,c0ffee\n"))
        #expect(try SessionBoxes.apply(.place(first), to: session) == [first, second])
        #expect(try SessionBoxes.apply(BoxChange.place(first).inverse, to: session) == [second])
        #expect(try SessionBoxes.apply(BoxChange.remove(first).inverse, to: session) == [second, first])
        // Boxes of a training join those that are there.
        try SessionBoxes.add([Self.box("a", .cle, 1), Self.box("a", .paraseptal, 1)], to: session)
        #expect(try SessionBoxes.read(session) == [second, first, Self.box("a", .paraseptal, 1)])
    }

    @Test("fine-tuning says which boxes it takes, and which are missing")
    func plan() throws {
        let plan = try FineTuningPlan(
            boxes: [Self.box("a", .cle, 1), Self.box("a", .healthy, 2), Self.box("b", .healthy, 3)], unused: 4,
            present: [.centrilobular: ["positives": "12"], .paraseptal: [:]])
        #expect(plan.subtypes == [.centrilobular])
        let text = plan.lines.joined(separator: "\n")
        for words in [
            "CLE: 1 box against 2 healthy", "trained with 12 boxes, of which 1 are kept", "paraseptal: its classifier stays",
            "Left out, since their subject or CT is not in this cohort: 4 boxes.",
        ] { #expect(text.contains(words), "\(words)") }
        func complaint(_ boxes: [LesionBox]) -> String {
            do { return "\(try FineTuningPlan(boxes: boxes, unused: 0, present: [:]))" } catch { return "\(error)" }
        }
        #expect(complaint([]).contains("there is no CLE box, and there is no paraseptal box"))
        #expect(complaint([Self.box("a", .cle, 1)]).contains("no box of anything else to tell CLE from"))
        #expect(
            try FineTuningPlan(boxes: [Self.box("a", .cle, 1), Self.box("a", .paraseptal, 2)], unused: 0, present: [:]).subtypes.count == 2)
    }

    @Test("a box that was placed on another CT of that name is refused")
    func otherPatient() throws {
        let scratch = try ScratchFolder()
        let cohort = try TinyCohort(scratch.url.appendingPathComponent("prepared"), subjects: 2).cohort
        let known = cohort.catalogue.identified([Self.box("s1", .cle, 1)])
        // This cohort does not know its CTs.
        #expect(known == [Self.box("s1", .cle, 1)])
        #expect(Self.box("s1", .cle, 1, image: "a").fits(image: "a") && !Self.box("s1", .cle, 1, image: "a").fits(image: "b"))
    }
}
