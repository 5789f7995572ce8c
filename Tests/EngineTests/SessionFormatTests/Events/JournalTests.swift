import Foundation
import Foundations
import SessionFormat
import TestSupport
import Testing

@Suite("The journal as a file")
struct JournalTests {
    @Test("the cut-off last line of a journal is removed, and the journal goes on")
    func cutJournal() throws {
        let folder = try ScratchFolder()
        let session = SessionFolder(folder.url)
        try Journal(session).append(.fault(RunFault(message: "first")), step: 7)
        let whole = try Data(contentsOf: session.journal)
        try (whole + Data("{\"event\":\"ste".utf8)).write(to: session.journal)
        try Journal(session).append(.fault(RunFault(message: "second")))
        var reader = JSONLinesReader<JournalEntry>(session.journal)
        let entries = try reader.read()
        #expect(entries.map(\.event) == ["first", "second"].map { .fault(RunFault(message: $0)) })
        #expect(entries.map(\.step) == [7, 7] && entries[1].t >= entries[0].t)
        #expect(try Data(contentsOf: session.journal).starts(with: whole))
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
