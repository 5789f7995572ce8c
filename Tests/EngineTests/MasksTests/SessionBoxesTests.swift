import Cohorts
import Foundation
import Foundations
import Masks
import SessionFormat
import TestSupport
import Testing

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
