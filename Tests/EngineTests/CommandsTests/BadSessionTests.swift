import Foundation
import SessionFormat
import TestSupport
import Testing

/// Sessions that are damaged, foreign or at work: refused in one sentence, and left as they are.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct BadSessionTests {
    /// Commands by one letter: segment, finetune, pretrain, features, steer.
    private static let commands: [Character: String] = [
        "s": "segment --session session --image a.nii.gz --lungs a.lungs.nii.gz --subtype cle --stride 16 --out m.nii.gz --json",
        "f": "finetune --session session --cohort prepared --boxes boxes.csv --subtype cle --json",
        "p": "pretrain --session session --cohort prepared --resume --steps 2 --headless",
        "x": "features --session session --cohort prepared --out features.csv",
        "c": "steer session checkpoint",
    ]

    enum Fault: String, CaseIterable {
        case newer = "which is newer than this program"
        case noDescription = "is not a session"
        case brokenDescription = "session.json is damaged: expected a JSON object"
        case incompleteDescription = "session.json is damaged: fields are missing"
        case impossibleSetting = "session.json is damaged: batch=0 cannot be used"
        case noCheckpoint = "has no checkpoint yet"
        case cutCheckpoint = "step-00000001.safetensors is damaged or no safetensors file"
        case noClassifier = "has no cle classifier; make one with `workbench finetune"
        case cutClassifier = "cle.safetensors is damaged or no safetensors file"
        case otherAtlas = "is not the atlas that the session"
        case rottenCheckpoint = "step-00000001.safetensors is damaged: its bytes do not match their checksum"
        case rottenClassifier = "cle.safetensors is damaged: its bytes do not match their checksum"
        case rottenBank = "bank.log is damaged at byte 24; the bank cannot be restored"
        case rottenPatches = "its patches do not match their checksum"
        case rottenCohort = "prepared.json is damaged: its bytes do not match their checksum"
        case damagedJournal = "journal.jsonl, line 1 is damaged or made by a newer version"
        case cutBank = "the bank cannot be restored"
        case cohortWithoutSubject = "does not hold (any more)"

        var commands: String {
            switch self {
            case .newer, .noDescription, .brokenDescription, .incompleteDescription, .impossibleSetting: "sfpxc"
            case .noCheckpoint: "sfx"
            case .cutCheckpoint: "sfpx"
            case .noClassifier, .cutClassifier, .otherAtlas: "s"
            case .rottenCheckpoint: "sfpx"
            case .rottenClassifier: "s"
            // Training reads a landmark's patches when it comes to it.
            case .rottenPatches: "x"
            case .rottenCohort: "fpx"
            case .damagedJournal, .cutBank, .rottenBank, .cohortWithoutSubject: "p"
            }
        }

        func make(_ world: SmallWorld) throws {
            switch self {
            case .newer: try world.changeSession(["format": 99, "version": "9.0"])
            case .noDescription: try world.remove("session/session.json")
            case .brokenDescription: try world.write("not JSON", to: "session/session.json")
            case .incompleteDescription: try world.write("{\"format\":1,\"version\":\"0.1\"}", to: "session/session.json")
            case .impossibleSetting: try world.changeSession(["batch": 0])
            case .noCheckpoint: try world.remove("session/checkpoints")
            case .cutCheckpoint: try world.cut("session/checkpoints/step-00000001.safetensors")
            case .noClassifier: try world.remove("session/classifiers")
            case .cutClassifier: try world.cut("session/classifiers/cle.safetensors")
            case .otherAtlas:
                #expect(try world.run("atlas --lungs b.lungs.nii.gz --out other").status == 0)
                try world.remove("session/atlas")
                try FileManager.default.moveItem(atPath: world.path("other"), toPath: world.path("session/atlas"))
            case .rottenCheckpoint: try world.flip("session/checkpoints/step-00000001.safetensors", fromEnd: 1000)
            case .rottenClassifier: try world.flip("session/classifiers/cle.safetensors", fromEnd: 10)
            case .rottenBank: try world.flip("session/bank.log", fromEnd: 500)
            case .rottenPatches: try world.flip("prepared/patches/landmark-0000.bin", fromEnd: 5000)
            case .rottenCohort: try world.flip("prepared/prepared.json", fromEnd: 60)
            case .damagedJournal: try world.write("not JSON\n", to: "session/journal.jsonl")
            case .cutBank: try world.cut("session/bank.log")
            case .cohortWithoutSubject: try world.changeSession(["trainingSubjects": ["x", "y"]])
            }
        }
    }

    @Test("A damaged session is refused by every command that needs what is damaged", arguments: Fault.allCases)
    func damaged(_ fault: Fault) throws {
        let world = try SmallWorld()
        try fault.make(world)
        var before = try world.contents(of: "session")
        for letter in fault.commands {
            let command = try #require(Self.commands[letter])
            expectRefusal(try world.run(command), fault.rawValue, "\(command)")
        }
        var after = try world.contents(of: "session")
        // A run that begins says so in the journal; the lock says who was last.
        for log in ["journal.jsonl", "lock"] { (before[log], after[log]) = (nil, nil) }
        #expect(before == after)
        #expect(!world.exists("m.nii.gz") && !world.exists("features.csv"))
        #expect(try world.unfinished().isEmpty)
    }

    @Test("A cut-off last line of the journal is dropped, and training goes on")
    func cutJournal() throws {
        let world = try SmallWorld()
        let journal = try world.read("session/journal.jsonl")
        try (journal + Data("{\"t\":12,\"st".utf8)).write(to: world.folder.appendingPathComponent("session/journal.jsonl"))
        let result = try world.run("pretrain --session session --cohort prepared --resume --steps 2 --headless")
        #expect(result.status == 0, "\(result.errors)")
        let after = try world.read("session/journal.jsonl")
        #expect(after.starts(with: journal) && after.last == 0x0A)
        #expect(!String(decoding: after, as: UTF8.self).contains("\"st{"))
    }

    @Test("A session that another process works on is not touched")
    func locked() throws {
        let world = try SmallWorld()
        let holder = Process()
        holder.executableURL = WorkbenchProcess.binary
        holder.arguments = ["pretrain", "--session", world.path("session"), "--cohort", world.path("prepared"), "--resume", "--headless"]
        (holder.standardOutput, holder.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        // Long enough to be paused on the way.
        try world.changeSession(["epochs": 10_000])
        try holder.run()
        defer {
            kill(holder.processIdentifier, SIGKILL)
            holder.waitUntilExit()
        }
        func wait(for text: String) throws {
            for _ in 0..<400 where !String(decoding: try world.read("session/journal.jsonl"), as: UTF8.self).contains(text) {
                usleep(50_000)
            }
        }
        // A pause from before it began would not be meant for it.
        try wait(for: "\"pid\":\(holder.processIdentifier)")
        #expect(try world.run("steer session pause").status == 0)
        try wait(for: "\"pause\"")
        let before = try world.contents(of: "session")
        for letter in "fp" {
            let command = try #require(Self.commands[letter])
            expectRefusal(
                try world.run(command), "is being worked on by another process (process \(holder.processIdentifier)", "\(command)")
        }
        #expect(try world.contents(of: "session") == before)
    }

    @Test("A cohort that was prepared with another atlas is refused")
    func cohortOfAnotherAtlas() throws {
        let world = try SmallWorld()
        #expect(try world.run("atlas --lungs b.lungs.nii.gz --out other").status == 0)
        #expect(try world.run("prepare cohort.csv --atlas other --out prepared").status == 0)
        for letter in "fpx" {
            let command = try #require(Self.commands[letter])
            expectRefusal(try world.run(command), "was prepared with another atlas than the session", "\(command)")
        }
    }

    @Test("A session is never begun over another one")
    func notTwice() throws {
        let world = try SmallWorld()
        expectRefusal(try world.run("pretrain --session session --cohort prepared --headless"), "holds a session already", "pretrain")
        expectRefusal(try world.run("demo --session session --headless"), "holds a session that is no demo", "demo")
        #expect(!world.exists("session/phantom"))
    }
}
