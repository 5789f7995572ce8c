import Cohorts
import Foundation
import Foundations
import Imaging
import Studies
import StudyResults
import TestSupport
import Testing

/// Files with bytes changed at random, against the commands that read them: whatever they do, they end by themselves, soon, with a status, no trap
/// and no more memory than an unchanged file takes.
@Suite(.enabled(if: WorkbenchProcess.isBuilt), .serialized)
struct MutationTests {
    enum Kind: String, CaseIterable {
        case niftiHeader, safetensors, pickle, table, journal, dicom

        /// Mutations in a quick run.
        var few: Int { self == .dicom ? 4 : 10 }

        /// The file at fault and the command that reads it.
        func target(_ world: SmallWorld) throws -> MutationTarget {
            switch self {
            case .niftiHeader:
                // Uncompressed, so that what is changed is the header.
                let mask = try NiftiFile.readLabels(world.folder.appendingPathComponent("a.lungs.nii.gz"))
                try NiftiFile.write(mask.mapVoxels { UInt8($0) }, to: world.folder.appendingPathComponent("h.nii"))
                return MutationTarget(
                    files: ["h.nii"], bytes: 352, commands: ["register --fixed atlas/mask.nii.gz --moving h.nii --out t.txt"])
            case .safetensors:
                try FileManager.default.copyItem(
                    atPath: world.path("session/checkpoints/step-00000001.safetensors"), toPath: world.path("w.safetensors"))
                return MutationTarget(files: ["w.safetensors"], bytes: 8000, commands: ["info w.safetensors"])
            case .pickle:
                #expect(try world.run("convert session/checkpoints/step-00000001.safetensors w.pth.tar").status == 0)
                return MutationTarget(files: ["w.pth.tar"], bytes: 1 << 20, commands: ["info w.pth.tar"])
            case .table: return MutationTarget(files: ["cohort.csv"], commands: ["prepare cohort.csv --atlas atlas --out p"])
            case .journal: return MutationTarget(files: ["session/journal.jsonl"], commands: ["export session --metrics m.csv"])
            case .dicom:
                let files = try SyntheticSeries().write(to: world.folder.appendingPathComponent("series"))
                return MutationTarget(
                    files: files.map { "series/\($0.lastPathComponent)" }, bytes: 1200, commands: ["import series --out i.nii.gz"])
            }
        }
    }

    @Test("A changed file never traps, hangs or swells the command that reads it", arguments: Kind.allCases)
    func mutations(_ kind: Kind) throws {
        let world = try SmallWorld()
        let target = try kind.target(world)
        let runner = try MutationRunner(kind.rawValue, world, commands: target.commands)
        let faults = try runner.run([target], rounds: MutationRunner.isSoak ? 500 : kind.few, seed: 17)
        #expect(faults.isEmpty, "\(faults.count) faults: \(faults.prefix(5).joined(separator: "\n"))")
    }

    /// What the interface left of its last visit: where it was, and which keys were pressed.
    private static let view = """
        {"atlasCursor":{"x":42,"y":42,"z":68},"atlasMaximised":false,"atlasPlane":"axial","cellRatioTenths":20,"cohortCursor":{"x":38,"y":21,"z":23},
        "cohortSubject":"a","cohortSliceZoom":{"centre":{"x":16,"y":25,"z":27},"tenths":20},"crosshair":true,"cursor":{"x":16,"y":25,"z":27},
        "curveView":{"axis":"step","logarithmic":false,"page":"losses","panel":"events","smoothingPercent":5},"inverted":false,"landmark":6,
        "maskThreshold":{"step":8},"maskZoom":{"centre":{"x":16,"y":25,"z":27},"tenths":15},"maximised":false,"opacityTenths":6,"plane":"axial",
        "radiological":true,"screen":"masks","showsCentrilobular":true,"showsParaseptal":true,"subject":"a",
        "window":{"lowerHounsfield":-1375,"upperHounsfield":175}}
        """
    private static func tape(journalBytes: Int) -> String {
        let keys = [("3", "screen.masks"), ("1", "screen.training"), ("2", "screen.atlas")].enumerated().map { index, key in
            "{\"command\":\"\(key.1)\",\"journal\":\(journalBytes),\"key\":\"\(key.0)\",\"t\":\(index).5}\n"
        }
        return "{\"colours\":256,\"ownership\":\"nobody\",\"size\":\"100x30\",\"tape\":1,\"unicode\":true}\n"
            + "{\"journal\":\(journalBytes),\"subjects\":true,\"conditions\":{\"a\":\"current\"},\"t\":0.1}\n" + keys.joined()
    }

    /// A session and a cohort with a file of every kind: masks, steering, a view, a tape, a review, and corrected lungs.
    private func fullWorld() throws -> SmallWorld {
        let world = try SmallWorld()
        for command in [
            "segment --session session --cohort prepared --subject a --subtype cle --stride 16", "steer session learningRate=0.01",
        ] { #expect(try world.run(command).status == 0) }
        try world.write(Self.view, to: "session/view.json")
        try world.write(Self.tape(journalBytes: try world.read("session/journal.jsonl").count), to: "session/tape.jsonl")
        try world.write("subject,decision,note\na,accepted,seen\n", to: "prepared/review.csv")
        let browser = CohortBrowser(world.folder.appendingPathComponent("prepared"), parallel: .allProcessors)
        let shown = try browser.volumes("b")
        let lungs = try #require(shown.lungs)
        let place = try #require(lungs.voxels.firstIndex(of: 1))
        let extent = lungs.extent
        let seed = VoxelIndex(x: place % extent.x, y: place / extent.x % extent.y, z: place / extent.x / extent.y)
        _ = try browser.correct("b", .add(.give(seed, to: .left)), shown)
        return world
    }

    /// Every kind of file of a session and a prepared cohort, with the commands that read it. Of patches and of two subjects' files one stands for
    /// all.
    private func targets(_ world: SmallWorld) throws -> [MutationTarget] {
        let screens = [
            "export session --report --subject a --out r --png p.png --screen masks --cohort prepared",
            "export session --png p.png --screen cohort --subject b", "export session --png p.png --screen training",
            "export session --png p.png --screen atlas", "export session --png p.png --screen sessions", "open session --linear --view",
        ]
        let replay = "replay session/tape.jsonl --frames f.txt"
        let prepare = "prepare cohort.csv --atlas atlas --out prepared"
        let train = "pretrain --session session --cohort prepared --resume --steps 2 --headless"
        let finetune = "finetune --session session --cohort prepared --boxes session/boxes.csv --subtype cle"
        let segment = "segment --session session --cohort prepared --subject a --subtype cle --stride 16"
        let names = ["session", "prepared"].flatMap { folder in
            ((try? world.contents(of: folder)) ?? [:]).filter { !$0.value.isEmpty }.keys.map { "\(folder)/\($0)" }.sorted()
        }
        let chosen = names.filter { !$0.hasPrefix("prepared/patches/landmark-") || $0.hasSuffix("-0000.bin") }
        return chosen.map { file in
            var target = MutationTarget(files: [file], commands: screens)
            if file.hasPrefix("prepared/") { target.commands.append(prepare) }
            if file == "session/tape.jsonl" { target.commands = [replay] }
            if file == "session/view.json" { target.commands = Array(screens[..<4]) }
            if ["session.json", "journal", "control", "bank", "checkpoints", "atlas", "patches", "prepared.json"].contains(
                where: file.contains)
            {
                target.slowCommands.append(train)
            }
            if ["session.json", "encoder", "classifiers", "atlas", "lungs/a", "prepared.json"].contains(where: file.contains) {
                target.slowCommands.append(segment)
            }
            if ["boxes", "encoder", "lungs/a", "prepared.json"].contains(where: file.contains) { target.slowCommands.append(finetune) }
            return target
        }
    }

    @Test("Any changed file of a session or a prepared cohort is refused, shown as damaged or taken, and never traps")
    func everyFile() throws {
        let world = try fullWorld()
        let targets = try targets(world)
        let runner = try MutationRunner(
            "a session's and a cohort's files", world,
            commands: targets.flatMap { $0.commands + (MutationRunner.isSoak ? $0.slowCommands : []) },
            models: ["prepare cohort.csv --atlas atlas --out prepared": "prepare cohort.csv --atlas atlas --out p"],
            remade: ["session/encoder.safetensors"])
        // A quick run takes some of the files.
        let some = MutationRunner.isSoak ? targets : targets.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
        let faults = try runner.run(some, rounds: MutationRunner.isSoak ? 20 : 1, seed: 23)
        #expect(faults.isEmpty, "\(faults.count) faults: \(faults.prefix(5).joined(separator: "\n"))")
    }

    @Test("Changed files of experiments are shown as damaged, and never trap the screen that draws them")
    func experiments() throws {
        let world = try SmallWorld()
        let folder = ExperimentFolder(world.folder.appendingPathComponent("e", isDirectory: true))
        try FileManager.default.createDirectory(atPath: world.path("e/results"), withIntermediateDirectories: true)
        var result = ExperimentResult(name: .table2, profile: .quick, key: "k")
        result.measurements = ["DrasCLR", "LAA-950"].map { method in
            MethodScore(method: method, target: "gold", metric: "accuracy", folds: [0.5, 0.6, 0.4], interval: nil, count: 40)
        }
        result.groups = [ExperimentResult.Group(series: "cle", name: "GOLD 1", subjects: ["a", "b"], values: [3, 5])]
        result.curves = [
            ExperimentResult.Curve(
                series: "DrasCLR", target: "cle", x: [0.1, 0.5, 1], mean: [0.3, 0.4, 0.5], lower: [0.2, 0.3, 0.4], upper: [0.4, 0.5, 0.6])
        ]
        let file = "e/results/table2.json"
        try JSONEncoder().encode(result).write(to: world.folder.appendingPathComponent(file))
        let log = "e/progress.jsonl"
        let writer = try JSONLinesWriter<ExperimentEvent>(folder.progress)
        for event in [
            ExperimentEvent(.started, names: [.table2]), ExperimentEvent(.opened, key: "k"), ExperimentEvent(.began, name: .table2),
            ExperimentEvent(.progress, stage: StageProgress(stage: "folds", done: 1, total: 5), secondsLeft: 60),
            ExperimentEvent(.done, name: .table2), ExperimentEvent(.finished),
        ] { try writer.append(event) }
        let commands = ["export e --png p.png --screen evaluation", "open e --linear"]
        for command in commands { #expect(try world.run(command).status == 0) }
        #expect(try world.run(commands[1]).output.contains("table2: done"))

        let target = MutationTarget(files: [file, log], bytes: 1 << 20, commands: commands)
        let runner = try MutationRunner("experiments", world, commands: commands)
        let faults = try runner.run([target], rounds: MutationRunner.isSoak ? 500 : 10, seed: 29)
        #expect(faults.isEmpty, "\(faults.count) faults: \(faults.prefix(5).joined(separator: "\n"))")
        // Lists that do not belong together.
        let text = String(decoding: try world.read(file), as: UTF8.self)
        try world.write(text.replacingOccurrences(of: "\"subjects\":[\"a\",\"b\"]", with: "\"subjects\":[\"a\"]"), to: file)
        let shown = try world.run(commands[1]).output
        #expect(shown.contains("table2: ") && shown.contains("is damaged or of another version"), "\(shown)")
    }
}
