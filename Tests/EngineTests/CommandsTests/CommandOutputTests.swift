import Foundation
import TestSupport
import Testing

/// What the commands print: the fields that others read, help, and exit codes.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct CommandOutputTests {
    @Test(
        "--json prints one object with the promised fields",
        arguments: [
            ("atlas --lungs a.lungs.nii.gz --out out --json", ["landmarks"]),
            ("prepare cohort.csv --atlas atlas --out p --json", ["prepared", "refused", "reused", "excluded", "interrupted"]),
            (
                "register --fixed a.lungs.nii.gz --moving b.lungs.nii.gz --out t.txt --json",
                ["matrix", "dice_before", "dice_after", "seconds", "threads"]
            ),
            (
                "finetune --session session --cohort prepared --boxes boxes.csv --subtype cle --json",
                ["subtype", "scheme", "encoder", "training"]
            ),
            (
                "segment --session session --image a.nii.gz --lungs a.lungs.nii.gz --subtype cle --stride 16 --out m.nii.gz --probability p.nii.gz --json",
                ["lung_ml", "emphysema_ml", "percent", "right", "left", "stride", "seconds", "voxels_per_second"]
            ),
            ("lungs a.nii.gz --out m.nii.gz --json", ["right_ml", "left_ml", "quality", "reasons", "seconds"]),
            (
                "bench forward --batch 16 --repeats 1 --threads 1 --json",
                ["what", "threads", "batch", "isa", "repeats", "median_s", "min_s", "gflops", "samples_per_s"]
            ),
            ("doctor --json", ["version", "isa", "threads", "openblas", "nifti", "openssl", "term", "missing"]),
        ])
    func fields(command: String, names: [String]) throws {
        let world = try SmallWorld()
        let result = try world.run(command)
        #expect(result.status == 0, "\(result.errors)")
        let object = try result.json()
        for name in names { #expect(object[name] != nil, "\(command): no \(name) in \(object.keys.sorted())") }
        guard command.hasPrefix("segment") else { return }
        for side in ["right", "left"] {
            let lung = try #require(object[side] as? [String: [String: Double]])
            #expect(Set(lung.keys) == ["whole", "upper", "middle", "lower"])
            for region in lung.values { #expect(Set(region.keys) == ["lung_ml", "emphysema_ml", "percent"]) }
        }
        for name in ["m.nii.gz", "m.nii.gz.json", "p.nii.gz"] { #expect(world.exists(name)) }
    }

    @Test(
        "Wrong usage exits with 2, prints nothing on standard output and writes nothing",
        arguments: [
            "segment", "lungs", "nonsense", "lungs a.nii.gz --out m.png", "lungs a.nii.gz --out m.nii.gz --threads 0",
            "segment --session session --image a.nii.gz --subtype cyst --out m.nii.gz",
            "segment --session session --image a.nii.gz --subtype cle --stride 3 --out m.nii.gz",
            "finetune --session session --cohort prepared --boxes boxes.csv --subtype cle --fraction 2", "steer session speed=1",
            "pretrain --cohort prepared --session new --set speed=1", "pretrain --cohort prepared --session new --set batch=many",
            "phantom", "bench speed --json",
        ])
    func usage(command: String) throws {
        let world = try SmallWorld()
        let result = try world.run(command)
        #expect(result.status == 2, "\(command): \(result.errors)")
        #expect(result.output.isEmpty && !result.errors.isEmpty)
        #expect(!world.exists("new") && !world.exists("m.nii.gz") && !world.exists("session/control.jsonl"))
    }

    @Test("Every command has help, and help lists every command")
    func help() throws {
        let world = try SmallWorld()
        let list = try world.run("help")
        #expect(list.status == 0)
        for command in [
            "demo", "phantom", "import", "lungs", "register", "atlas", "prepare", "pretrain", "steer", "features", "finetune", "segment",
            "bench",
            "doctor", "cohort",
        ] {
            #expect(list.output.contains("  \(command) "), "\(command)")
            let help = try world.run("\(command) --help")
            #expect(help.status == 0 && help.output.contains("USAGE: workbench \(command)"), "\(command)")
        }
    }

    @Test("An interrupted run saves its work and exits with 130")
    func interrupted() throws {
        let world = try SmallWorld()
        let process = Process()
        process.executableURL = WorkbenchProcess.binary
        process.arguments = [
            "pretrain", "--session", world.path("session"), "--cohort", world.path("prepared"), "--resume", "--headless",
        ]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        for _ in 0..<200 where !String(decoding: try world.read("session/journal.jsonl"), as: UTF8.self).contains("\"resumedFrom\":1") {
            usleep(50_000)
        }
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        let steps = try FileManager.default.contentsOfDirectory(atPath: world.path("session/checkpoints"))
        #expect(!steps.isEmpty && !steps.contains { $0.hasPrefix(".partial") })
    }
}
