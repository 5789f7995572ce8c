import Cohorts
import Foundation
import Inference
import Masks
import SessionFormat
import TestSupport
import Testing

@Suite("Masks know whether they still fit")
struct StaleMaskTests {
    @Test("a renamed session's masks are current; more training makes them stale")
    func renameAndTraining() throws {
        let world = try SmallWorld()
        #expect(try world.run("segment --session session --cohort prepared --subject a --subtype cle --stride 16").status == 0)
        func reason(_ name: String) throws -> String? {
            let session = SessionFolder(URL(fileURLWithPath: world.path(name), isDirectory: true))
            let cohort = try CohortCatalogue(URL(fileURLWithPath: world.path("prepared"), isDirectory: true))
            let provenance = try MaskProvenance.read(beside: session.mask(subject: "a", subtype: "cle"))
            return try SessionSegmentation.staleReason(session, provenance, subject: try cohort.subject("a"), atlas: cohort.atlas)
        }
        #expect(try reason("session") == nil)
        try FileManager.default.moveItem(atPath: world.path("session"), toPath: world.path("renamed"))
        #expect(try reason("renamed") == nil)
        #expect(try world.run("pretrain --cohort prepared --session renamed --resume --steps 2 --headless").status == 0)
        let stale = try #require(try reason("renamed"))
        #expect(stale.contains("step 1") && stale.hasSuffix("the session is at step 2"))
    }
}
