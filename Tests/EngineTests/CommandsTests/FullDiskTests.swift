import Foundation
import TestSupport
import Testing

/// Places that take no more bytes: nothing half-written stays, and what was there before stays whole.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct FullDiskTests {
    @Test(
        "A command that runs out of space says so and leaves nothing",
        arguments: [
            ("atlas --lungs a.lungs.nii.gz --out out/atlas", 1), ("prepare cohort.csv --atlas atlas --out out", 64),
            ("features --session session --cohort prepared --out out/f.safetensors", 1),
            ("lungs a.nii.gz --out out/deep/m.nii", 8),
            (
                "segment --session session --image a.nii.gz --lungs a.lungs.nii.gz --subtype cle --stride 16 --out out/m.nii.gz --probability out/p.nii.gz",
                2
            ),
            ("phantom --subjects 1 --out out", 64), ("pretrain --cohort prepared --session out --headless", 1),
        ])
    func full(command: String, kilobytes: Int) throws {
        let world = try SmallWorld()
        let before = try world.contents(of: "session")
        expectRefusal(try world.run(command, kilobytes: kilobytes), "File too large", "\(command)")
        #expect(try world.unfinished().isEmpty)
        #expect(try world.contents(of: "session") == before)
        let left = world.exists("out") ? try world.contents(of: "out").keys.sorted() : []
        // Preparation keeps what is whole, to go on from it; a phantom keeps whole subjects.
        #expect(left.isEmpty || command.hasPrefix("prepare") || command.hasPrefix("phantom"), "\(left)")
        #expect(!left.contains { $0.hasSuffix("cohort.csv") || $0 == "prepared.json" || $0.hasPrefix("patches.new") })
    }

    @Test("Training that runs out of space can be resumed")
    func resume() throws {
        let world = try SmallWorld()
        expectRefusal(
            try world.run("pretrain --session session --cohort prepared --resume --steps 2 --headless", kilobytes: 64), "File too large",
            "pretrain")
        #expect(try world.unfinished().isEmpty)
        let result = try world.run("pretrain --session session --cohort prepared --resume --steps 2 --headless")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(
        "A file that stands where a folder should be is named",
        arguments: [
            "atlas --lungs a.lungs.nii.gz --out cohort.csv/x", "prepare cohort.csv --atlas atlas --out cohort.csv",
            "lungs a.nii.gz --out cohort.csv/m.nii.gz",
            "pretrain --cohort prepared --session cohort.csv --headless",
            "segment --session session --image a.nii.gz --subtype cle --out cohort.csv/m.nii.gz",
        ])
    func notAFolder(command: String) throws {
        let world = try SmallWorld()
        let before = try world.read("cohort.csv")
        expectRefusal(try world.run(command), "Not a directory", "\(command)")
        #expect(try world.read("cohort.csv") == before)
    }

    @Test("Results that standard output does not take are a failure")
    func standardOutput() throws {
        let world = try SmallWorld()
        for command in ["doctor --json", "doctor"] {
            expectRefusal(try world.run(command, output: "/dev/full"), "cannot write the results to standard output", "\(command)")
        }
    }
}
