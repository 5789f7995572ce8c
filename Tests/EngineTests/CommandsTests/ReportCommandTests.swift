import Foundation
import Foundations
import Imaging
import SessionFormat
import TestSupport
import Testing

@Suite("Reports, notices and measurements by command", .enabled(if: WorkbenchProcess.isBuilt))
struct ReportCommandTests {
    @Test("export --report writes page, table, picture and masks; after more training it says STALE; strangers are refused")
    func report() throws {
        let world = try SmallWorld()
        #expect(try world.run("segment --session session --cohort prepared --subject a --subtype cle --stride 16").status == 0)
        let result = try world.run("export session --report --subject a --size 100x30")
        #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: world.path("session/reports")).sorted()
        #expect(names == ["a.cle.nii.gz", "a.cle.nii.gz.json", "a.csv", "a.html", "a.png"])
        let made = try NiftiFile.readLabels(URL(fileURLWithPath: world.path("session/masks/a.cle.nii.gz")))
        #expect(try NiftiFile.readLabels(URL(fileURLWithPath: world.path("session/reports/a.cle.nii.gz"))) == made)
        #expect(!(String(decoding: try world.read("session/reports/a.html"), as: UTF8.self)).contains("STALE"))

        #expect(try world.run("pretrain --cohort prepared --session session --resume --steps 2 --headless").status == 0)
        #expect(try world.run("export session --report --subject a --out elsewhere/deep").status == 0)
        #expect(String(decoding: try world.read("elsewhere/deep/a.csv"), as: UTF8.self).contains("STALE mask, centrilobular"))
        expectRefusal(try world.run("export session --report --subject nobody"), "no subject nobody", "a stranger")
        #expect(try world.run("export session --report").status == 2)
        for screen in ["sessions", "cohort", "comparison", "masks"] {
            #expect(try world.run("export session --png \(screen).png --screen \(screen) --size 90x30").status == 0)
            #expect(try world.read("\(screen).png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        }
        expectRefusal(try world.run("export session --png x.png --screen moon"), "there is no screen moon", "a screen")
    }

    @Test("--notify runs when a run ends and when it cannot go on, and tells which")
    func notify() throws {
        let world = try SmallWorld()
        let command = #"echo "$WORKBENCH_OUTCOME $WORKBENCH_MESSAGE" >> told"#
        func train(_ steps: Int) throws -> WorkbenchProcess.Result {
            try WorkbenchProcess.run(
                [
                    "pretrain", "--cohort", "prepared", "--session", "session", "--resume", "--steps", "\(steps)", "--headless", "--notify",
                    command,
                ],
                in: world.folder)
        }
        #expect(try train(2).status == 0)
        let lock = try FileLock(SessionFolder(URL(fileURLWithPath: world.path("session"), isDirectory: true)))
        #expect(try train(3).status == 1)
        withExtendedLifetime(lock) {}
        let told = String(decoding: try world.read("told"), as: UTF8.self).split(separator: "\n")
        #expect(told.count == 2 && told[0].hasPrefix("done Done at step 2") && told[1].hasPrefix("fault the session"))
    }

    @Test("bench dense counts the voxels and multiply-adds of a slab, with its ratio to sgemm")
    func dense() throws {
        let world = try SmallWorld()
        let found = try world.run("bench dense --stride 16 --repeats 1 --json").json()
        let (rate, gflops) = (try #require(found["samples_per_s"] as? Double), try #require(found["gflops"] as? Double))
        // 96.9 M multiply-adds a voxel.
        #expect(abs(gflops / rate / 0.1938 - 1) < 0.01)
        #expect(try #require(found["sgemm_ratio"] as? Double) > 0)
    }
}
