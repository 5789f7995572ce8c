import Foundation
import Foundations
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("The bank's log")
struct BankLogTests {
    private static let landmarks = 3
    private static let size = 8

    private static func bank() -> MemoryBank { MemoryBank(landmarks: landmarks, size: size, seed: 5) }

    /// Everything that a bank holds.
    private static func content(_ bank: MemoryBank) -> [[Float]] {
        (0..<landmarks).map { landmark in
            let slots = bank.slots(landmark)
            return (0..<size * 128).map { slots.keys[$0] } + slots.owners.map(Float.init) + [Float(bank.next(landmark))]
        }
    }

    /// Appends a step's keys to log and bank; step s works on landmark s mod 3, but landmark 2 only now and then.
    private static func advance(_ step: Int, _ log: BankLog, _ bank: MemoryBank) throws {
        let landmark = step % 17 == 16 ? 2 : step % 2
        var generator = SeededGenerator(77, UInt64(step))
        let keys = (0..<3 * 128).map { _ in Float(generator.normal()) }
        let subjects = (0..<3).map { Int32(10 * step + $0) }
        try keys.withUnsafeBufferPointer { keys in
            try log.append(step: step, landmark: landmark, subjects: subjects, keys: keys.baseAddress!)
            bank.enqueue(landmark, keys: keys.baseAddress!, subjects: subjects)
        }
    }

    private static func bytes(_ session: SessionFolder) throws -> Int { try Data(contentsOf: session.bankLog).count }

    @Test("compaction bounds the file, and every checkpoint that is kept restores its bank exactly, also after a stop at any of them")
    func compaction() throws {
        let scratch = try ScratchFolder()
        let session = SessionFolder(scratch.url)
        let bank = Self.bank()
        let log = try BankLog(session, truncatedTo: 0, replayInto: bank)
        var checkpoints: [(offset: Int, content: [[Float]])] = []
        var largest = 0
        for step in 0..<400 {
            try Self.advance(step, log, bank)
            guard step % 7 == 6 else { continue }
            try log.synchronise()
            checkpoints.append((log.offset, Self.content(bank)))
            checkpoints = checkpoints.suffix(3)
            let before = try Data(contentsOf: session.bankLog)
            try log.compact(oldest: checkpoints[0].offset)
            let after = try Data(contentsOf: session.bankLog)
            largest = max(largest, after.count)
            // A kill before the rename leaves the one file, after it the other.
            for file in before == after ? [after] : [before, after] {
                try file.write(to: session.bankLog)
                for checkpoint in checkpoints {
                    let restored = Self.bank()
                    try BankLog.replay(session, upTo: checkpoint.offset, into: restored)
                    #expect(Self.content(restored) == checkpoint.content, "step \(step), offset \(checkpoint.offset)")
                }
            }
        }
        #expect(log.offset == 400 * (16 + 3 * 516))
        // Needed at most: 3 landmarks × 4 records, the 14 steps since the oldest checkpoint, header; twice that, and 7 steps on top.
        #expect(largest < 2 * 27 * 1564 + 7 * 1564)
        let text = try #require(throws: Failure.self) { try BankLog.replay(session, upTo: 1564, into: Self.bank()) }
        #expect(text.description.contains("begins at offset"))
    }

    @Test("a resume cuts to its checkpoint and goes on to the same bytes as a run without a stop")
    func resume() throws {
        let whole = try ScratchFolder()
        let parts = try ScratchFolder()
        func run(_ folder: URL, stopping: Bool) throws -> (Data, [[Float]]) {
            let session = SessionFolder(folder)
            var bank = Self.bank()
            var log = try BankLog(session, truncatedTo: 0, replayInto: bank)
            var offsets: [Int] = []
            var step = 0
            while step < 200 {
                try Self.advance(step, log, bank)
                step += 1
                guard step % 10 == 0 else { continue }
                offsets.append(log.offset)
                try log.compact(oldest: offsets.suffix(2)[offsets.suffix(2).startIndex])
                guard stopping, step % 30 == 0 else { continue }
                // Two more steps are lost in the stop.
                for lost in step..<step + 2 { try Self.advance(lost, log, bank) }
                bank = Self.bank()
                log = try BankLog(session, truncatedTo: try #require(offsets.last), replayInto: bank)
            }
            return (try Data(contentsOf: session.bankLog), Self.content(bank))
        }
        let (straight, resumed) = (try run(whole.url, stopping: false), try run(parts.url, stopping: true))
        #expect(straight.0 == resumed.0)
        #expect(straight.1 == resumed.1)
    }

    @Test("damage is a sentence")
    func damage() throws {
        let scratch = try ScratchFolder()
        let session = SessionFolder(scratch.url)
        let bank = Self.bank()
        let log = try BankLog(session, truncatedTo: 0, replayInto: bank)
        for step in 0..<60 { try Self.advance(step, log, bank) }
        let plain = try Data(contentsOf: session.bankLog)
        try log.compact(oldest: 50 * 1564)
        let compacted = try Data(contentsOf: session.bankLog)
        #expect(compacted.count < plain.count)
        func expectFailure(_ file: Data, upTo offset: Int, _ words: String) throws {
            try file.write(to: session.bankLog)
            let failure = try #require(throws: Failure.self) { try BankLog.replay(session, upTo: offset, into: Self.bank()) }
            #expect(failure.description.contains(words), "\(failure.description)")
        }
        try expectFailure(plain.dropLast(1), upTo: log.offset, "ends at offset")
        try expectFailure(plain, upTo: log.offset - 1, "damaged at byte")
        var foreign = plain
        foreign[24 + 4] = 99
        try expectFailure(foreign, upTo: log.offset, "damaged at byte 24")
        var endless = plain
        endless[24 + 11] = 0xFF
        try expectFailure(endless, upTo: log.offset, "damaged at byte 24")
        try expectFailure(compacted.prefix(100), upTo: log.offset, "cut off")
        var absurd = compacted
        for place in 16..<24 { absurd[place] = 0xFF }
        try expectFailure(absurd, upTo: log.offset, "cut off")
        unlink(session.bankLog.path)
        #expect(throws: Failure.self) { try BankLog.replay(session, upTo: log.offset, into: Self.bank()) }
    }
}
