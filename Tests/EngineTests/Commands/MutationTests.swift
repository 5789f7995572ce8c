import Foundation
import Foundations
import Imaging
import Studies
import StudyResults
import Testing

/// Files with bytes changed at random, against the commands that read them: whatever they do, they end by themselves, with a status and no trap.
@Suite(.enabled(if: WorkbenchProcess.isBuilt), .serialized)
struct MutationTests {
    /// Mutations of each kind: 500 where `WORKBENCH_SOAK` is set.
    private static let isSoak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] != nil
    private static func count(_ few: Int) -> Int { isSoak ? 500 : few }

    enum Kind: String, CaseIterable {
        case niftiHeader, safetensors, pickle, table, journal, dicom

        /// Mutations in a quick run.
        var few: Int { self == .dicom ? 4 : 10 }

        /// The file at fault and the command that reads it.
        func prepare(_ world: SmallWorld) throws -> (files: [String], command: String) {
            switch self {
            case .niftiHeader:
                // Uncompressed, so that what is changed is the header.
                let mask = try NiftiFile.readLabels(world.folder.appendingPathComponent("a.lungs.nii.gz"))
                try NiftiFile.write(mask.mapVoxels { UInt8($0) }, to: world.folder.appendingPathComponent("h.nii"))
                return (["h.nii"], "register --fixed atlas/mask.nii.gz --moving h.nii --out t.txt")
            case .safetensors:
                try FileManager.default.copyItem(
                    atPath: world.path("session/checkpoints/step-00000001.safetensors"), toPath: world.path("w.safetensors"))
                return (["w.safetensors"], "info w.safetensors")
            case .pickle:
                #expect(try world.run("convert session/checkpoints/step-00000001.safetensors w.pth.tar").status == 0)
                return (["w.pth.tar"], "info w.pth.tar")
            case .table: return (["cohort.csv"], "prepare cohort.csv --atlas atlas --out p")
            case .journal: return (["session/journal.jsonl"], "export session --metrics m.csv")
            case .dicom:
                let files = try SyntheticSeries().write(to: world.folder.appendingPathComponent("series"))
                return (files.map { "series/\($0.lastPathComponent)" }, "import series --out i.nii.gz")
            }
        }

        /// Of the file's beginning: where its header is.
        var bytes: Int {
            switch self {
            case .niftiHeader: 352
            case .safetensors: 8000
            case .dicom: 1200
            default: 1 << 20
            }
        }
    }

    @Test("A changed file never traps or hangs the command that reads it", arguments: Kind.allCases)
    func mutations(_ kind: Kind) throws {
        let world = try SmallWorld()
        let (files, command) = try kind.prepare(world)
        let originals = try files.map(world.read)
        for round in 0..<Self.count(kind.few) {
            var generator = SeededGenerator(17, UInt64(round))
            let chosen = generator.below(files.count)
            var data = originals[chosen]
            Mutation.apply(to: &data, within: kind.bytes, &generator)
            try data.write(to: world.folder.appendingPathComponent(files[chosen]))
            try expectEnd(world, command, "\(kind) \(round)")
            try originals[chosen].write(to: world.folder.appendingPathComponent(files[chosen]))
        }
        #expect(try world.unfinished().isEmpty)
    }

    @Test("Any changed file of a session or a prepared cohort is refused, shown as damaged or taken, and never traps")
    func everyFile() throws {
        let world = try SmallWorld()
        #expect(try world.run("segment --session session --cohort prepared --subject a --subtype cle --stride 16").status == 0)
        try world.write("{}", to: "session/view.json")
        let files = ["session", "prepared"].flatMap { folder in
            ((try? world.contents(of: folder)) ?? [:]).filter { !$0.value.isEmpty }.keys.map { "\(folder)/\($0)" }.sorted()
        }
        let commands = [
            "export session --report --subject a --out r --png p.png --screen masks --cohort prepared",
            "export session --png p.png --screen cohort", "export session --png p.png --screen training",
            "export session --png p.png --screen atlas", "open session --linear --view",
            "pretrain --session session --cohort prepared --resume --steps 2 --headless",
            "segment --session session --cohort prepared --subject a --subtype cle --stride 16",
        ]
        for round in 0..<(Self.isSoak ? 6 * files.count : 12) {
            var generator = SeededGenerator(23, UInt64(round))
            let file = files[Self.isSoak ? round % files.count : generator.below(files.count)]
            let original = try world.read(file)
            var data = original
            Mutation.apply(to: &data, within: 1 << 30, &generator)
            try data.write(to: world.folder.appendingPathComponent(file))
            let fresh = try world.contents(of: ".")
            for command in Self.isSoak ? commands : [commands[generator.below(commands.count)]] {
                try expectEnd(world, command, "round \(round), \(file)")
            }
            // What a command changed on the way must not be the next round's fault.
            for (name, bytes) in fresh where name.hasPrefix("session/") || name.hasPrefix("prepared/") {
                try bytes.write(to: world.folder.appendingPathComponent(name))
            }
            try original.write(to: world.folder.appendingPathComponent(file))
        }
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

        let originals = try [file, log].map(world.read)
        for round in 0..<Self.count(10) {
            var generator = SeededGenerator(29, UInt64(round))
            let chosen = generator.below(2)
            var data = originals[chosen]
            Mutation.apply(to: &data, within: 1 << 20, &generator)
            try data.write(to: world.folder.appendingPathComponent([file, log][chosen]))
            for command in commands { try expectEnd(world, command, "experiments \(round)") }
            try originals[chosen].write(to: world.folder.appendingPathComponent([file, log][chosen]))
        }
        // Lists that do not belong together.
        let text = String(decoding: originals[0], as: UTF8.self)
        try world.write(text.replacingOccurrences(of: "\"subjects\":[\"a\",\"b\"]", with: "\"subjects\":[\"a\"]"), to: file)
        let shown = try world.run(commands[1]).output
        #expect(shown.contains("table2: ") && shown.contains("is damaged or of another version"), "\(shown)")
    }

    /// At most 4 GB of addresses and 20 s; ended by itself, with one of the statuses that mean something.
    private func expectEnd(_ world: SmallWorld, _ command: String, _ comment: String) throws {
        let began = Date()
        let result = try world.run(command, megabytesOfAddresses: 4000)
        #expect([0, 1, 2].contains(result.status), "\(comment): \(command) ended with \(result.status): \(result.errors.suffix(400))")
        #expect(Date().timeIntervalSince(began) < (command.hasPrefix("pretrain") ? 60 : 20), "\(comment): \(command) hung")
        for trace in ["Fatal error", "Backtrac", "** "] where result.errors.contains(trace) {
            Issue.record("\(comment): \(command) printed \(result.errors.suffix(400))")
        }
    }
}

/// Changes of a file's bytes, as rot, cut-off copies and other programs make them.
enum Mutation {
    /// Numbers that break programs, as text and as bytes.
    private static let words = ["1e19", "-1", "NaN", "99999999999999999999", "", "\u{1B}[2J", "null", "[]", "0"]

    static func apply(to data: inout Data, within limit: Int, _ generator: inout SeededGenerator) {
        let size = min(data.count, limit)
        guard size > 0 else { return }
        for _ in 0...generator.below(3) {
            let place = generator.below(min(size, data.count))
            let length = min(data.count - place, 1 + generator.below(8))
            switch generator.below(7) {
            case 0: data[place] ^= UInt8(1 << generator.below(8))
            case 1: data.replaceSubrange(place..<place + length, with: Data(count: length))
            case 2: data.replaceSubrange(place..<place + length, with: Data(repeating: 0xFF, count: length))
            case 3: for i in place..<place + length { data[i] = UInt8(generator.below(256)) }
            case 4: data.replaceSubrange(place..<place + length, with: Data(words[generator.below(words.count)].utf8))
            case 5: replaceNumber(&data, near: place, &generator)
            default: if generator.below(4) == 0 { data = data.prefix(max(1, place)) }
            }
            if data.isEmpty { return }
        }
    }

    /// The next decimal number behind a place becomes one that breaks programs.
    private static func replaceNumber(_ data: inout Data, near place: Int, _ generator: inout SeededGenerator) {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        guard let start = data[place...].firstIndex(where: isDigit) else { return }
        let end = data[start...].firstIndex { !isDigit($0) } ?? data.endIndex
        data.replaceSubrange(start..<end, with: Data(words[generator.below(words.count)].utf8))
    }
}
