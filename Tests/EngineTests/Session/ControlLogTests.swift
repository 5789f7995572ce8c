import Foundation
import Foundations
import Learning
import SessionFormat
import Testing

@Suite("The control log and the journal as files")
struct ControlLogTests {
    private func write(_ text: String, to file: URL) throws {
        if let handle = try? FileHandle(forWritingTo: file) {
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } else {
            try Data(text.utf8).write(to: file)
        }
    }

    @Test("a line that is no command is refused in the journal, and the run goes on with the lines behind it")
    func unreadableLine() throws {
        let trial = try SessionTrial()
        try write("{\"action\":\"dance\"}\nnonsense\n{\"action\":\"set\",\"setting\":\"beta\",\"value\":0.5}\n", to: trial.session.control)
        try trial.train(to: 4, resume: false)
        let commands = try trial.commands
        #expect(commands.map(\.applied.command) == [.unreadable, .unreadable, .set(.beta, 0.5)])
        #expect(commands.map(\.applied.controlLine) == [0, 1, 2])
        #expect(commands[1].applied.refusal?.contains("control.jsonl, line 2") == true && commands[2].applied.refusal == nil)
        #expect(try Checkpoint(trial.session, step: 4).rates.beta == 0.5)
    }

    @Test("a stop or a pause that was left over does not touch the next run; a setting that was left over counts")
    func leftOver() throws {
        let trial = try SessionTrial()
        try trial.train(to: 2, resume: false)
        for command in [SteeringCommand.stop, .pause, .checkpoint, .set(.beta, 0.25)] { try trial.steer(command) }
        let lock = try FileLock(trial.session)
        #expect(lock.earlierControlLines == 4)
        var options = Trainer.Options()
        options.resume = true
        options.stepLimit = 4
        options.earlierControlLines = lock.earlierControlLines
        #expect(try Trainer(trial.session, cohort: trial.cohort, options: options, journal: Journal(trial.session)).run() == .done)
        #expect(try trial.commands.map { $0.applied.refusal == nil } == [false, false, false, true])
        #expect(try Checkpoint(trial.session, step: 4).rates.beta == 0.25)
    }

    @Test("the mean loss of an epoch counts all its steps, also those before a resume")
    func epochMean() throws {
        let whole = try SessionTrial()
        try whole.train(to: 8, resume: false)
        let parts = try SessionTrial()
        try parts.train(to: 3, resume: false)
        try parts.train(to: 5)
        try parts.train(to: 8)
        func mean(_ trial: SessionTrial) throws -> [Double] {
            try trial.journal.compactMap { entry in
                if case .epoch(let epoch) = entry.event { return epoch.meanLoss }
                return nil
            }
        }
        #expect(try mean(whole).count == 1)
        #expect(try mean(parts) == mean(whole))
    }

    @Test("good lines before a damaged one are handed out first, then the damage is told, again and again")
    func damagedLine() throws {
        let folder = try ScratchFolder()
        let file = folder.file("lines")
        try write("1\n2\n\nx\n3\n", to: file)
        var reader = JSONLinesReader<Int>(file)
        #expect(try reader.read() == [1, 2])
        for _ in 0..<2 {
            let failure = #expect(throws: Failure.self) { try reader.read() }
            #expect(failure?.description.contains("line 4 is damaged") == true)
        }
        var each = JSONLinesReader<Int>(file)
        let lines = try each.readEach()
        #expect(lines.map(\.number) == [0, 1, 3, 4] && lines.compactMap { try? $0.line.get() } == [1, 2, 3])
        try write("4\n5", to: file)
        #expect(try each.readEach().map(\.number) == [5])
        try write("0\n", to: file)
        #expect(try each.readEach().compactMap { try? $0.line.get() } == [50])
        // In pieces of a few bytes as well.
        var pieces = JSONLinesReader<Int>(file)
        #expect(try (0..<9).flatMap { _ in try pieces.readEach(limit: 2).compactMap { try? $0.line.get() } } == [1, 2, 3, 4, 50])
    }

    @Test("a step's plain form is read as the general decoder reads it, to the bit; other forms are left to it")
    func plainSteps() throws {
        var generator = SeededGenerator(7, 7)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func value() -> Double { generator.uniform(-1, 1) * [1e-9, 1, 1e3, 1e12].randomElement(using: &generator)! }
        for step in 0..<200 {
            let metrics = StepMetrics(
                loss: value(), local: value(), neighbour: value(), acc1: value(), acc1_neighbour: value(), landmark: step, lr: value(),
                samples_per_s: value(), gradient_norm: value(), bank_fill: value(), data_wait_s: value(), embedding_sd: value(),
                memory_mb: step % 3 == 0 ? nil : value())
            let entry = JournalEntry(t: value(), step: step, event: .step(metrics))
            var line = try encoder.encode(entry)
            line.append(0x0A)
            let found = line.withUnsafeBytes { JournalEntry(plain: UnsafeRawBufferPointer(rebasing: $0.dropLast())) }
            #expect(found == entry.limited())
            // Up to the last number, of which fewer digits are a number as well.
            let last = try #require(line.range(of: Data("\"t\":".utf8))).lowerBound
            for cut in 1..<last where cut % 17 == step % 17 {
                var damaged = Data(line.prefix(cut))
                damaged.append(contentsOf: [0x7D, 0x0A])
                #expect(damaged.withUnsafeBytes { JournalEntry(plain: UnsafeRawBufferPointer(rebasing: $0.dropLast())) } == nil)
            }
        }
        for text in ["{}", "{\"kind\":\"step\"}", "{\"kind\":\"stop\",\"t\":1}", "[1]", "{\"t\":nan}", "{\"t\":1"] {
            #expect(
                Data((text + "\n").utf8).withUnsafeBytes { JournalEntry(plain: UnsafeRawBufferPointer(rebasing: $0.dropLast())) } == nil)
        }
    }

    @Test("the last entry, of any or of certain kinds, is found from the journal's end")
    func tail() throws {
        let folder = try ScratchFolder()
        let session = SessionFolder(folder.url)
        #expect(try JournalTail.last(session) == nil)
        let journal = try Journal(session)
        try journal.append(.fault(RunFault(message: "far back")), step: 1)
        // Lines longer than the pieces in which the file is read.
        for step in 2..<6 { try journal.append(.fault(RunFault(message: String(repeating: "kind\":\"epoch ", count: 9000))), step: step) }
        for step in 6..<400 { try journal.append(.epoch(EpochSummary(epoch: step, meanLoss: 1)), step: step) }
        #expect(try JournalTail.last(session)?.step == 399)
        #expect(try JournalTail.last(session, kinds: ["fault"])?.step == 5)
        #expect(try JournalTail.last(session, kinds: ["started"]) == nil)
        let (entries, offset) = try JournalTail.entries(session, bytes: 1000)
        #expect(entries.last?.step == 399 && entries.count > 3 && entries.count < 20)
        var reader = JSONLinesReader<JournalEntry>(session.journal, from: offset)
        #expect(try reader.read() == entries)
    }
}
