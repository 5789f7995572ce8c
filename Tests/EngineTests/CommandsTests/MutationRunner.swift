import Dispatch
import Foundation
import Foundations
import Synchronization
import TestSupport
import Testing

/// A file that is changed, and the commands that read it.
struct MutationTarget {
    /// Of each round one is changed.
    var files: [String]
    /// Of the file's beginning: what is changed.
    var bytes = Int.max
    var commands: [String]
    /// Commands that take long where the file is taken, in every fourth round.
    var slowCommands: [String] = []
}

/// Runs commands on files with bytes changed at random and says what they may not do: end by a signal or with a status that means nothing, take
/// longer than 20 s, need more than twice the memory of an unchanged file and a little, print a trace, or leave half a file behind.
///
/// Each command is a process of its own, so that what goes wrong is known with its mutation; several copies of the world are at work at once.
final class MutationRunner: Sendable {
    /// Where `WORKBENCH_SOAK` is set all rounds are run.
    static let isSoak = ProcessInfo.processInfo.environment["WORKBENCH_SOAK"] != nil

    /// What a run needs beyond twice the memory of an honest one: stacks, and the words of a refusal.
    static let moreBytes = 32 << 20
    private static let honestTimes = 2
    /// Training goes on to the end of its steps where the change does no harm.
    private static func seconds(_ command: String) -> Double { command.hasPrefix("pretrain") || command.hasPrefix("segment") ? 60 : 20 }

    private struct Findings {
        /// Rounds begun.
        var begun = 0
        var faults: [String] = []
        var statuses: [Int32: Int] = [:]
        var slowest = (seconds: 0.0, command: "")
        /// The run that came nearest to what it may take.
        var largest = (bytes: 0, most: 1, command: "")
    }

    private let title: String
    private let original: SmallWorld
    /// Memory of each command with nothing changed, bytes.
    private let honest: [String: Int]
    private let findings = Mutex(Findings())

    /// - Parameters:
    ///   - world: as it is before a file is changed.
    ///   - commands: all that will be run.
    ///   - models: what is run instead of a command to learn how much memory it takes, where it would find its work done.
    ///   - remade: files that a command makes again where they are damaged: it may then take what it takes where they are missing.
    init(_ title: String, _ world: SmallWorld, commands: [String], models: [String: String] = [:], remade: [String] = []) throws {
        self.title = title
        original = world
        var honest: [String: Int] = [:]
        for command in Set(commands) {
            let fresh = try world.copy()
            let result = try fresh.run(models[command] ?? command)
            guard result.status == 0 else { throw Failure("\(title): \(command) fails with nothing changed: \(result.errors)") }
            honest[command] = result.peakBytes
            for file in remade {
                let without = try world.copy()
                try without.remove(file)
                honest[command] = max(honest[command] ?? 0, try without.run(models[command] ?? command).peakBytes)
            }
        }
        self.honest = honest
    }

    /// Each target in so many rounds; the same numbers give the same changes.
    /// - Returns: what went wrong, a sentence each.
    func run(_ targets: [MutationTarget], rounds: Int, seed: UInt64) throws -> [String] {
        let work = (0..<rounds).flatMap { round in targets.indices.map { (target: $0, round: round) } }
        findings.withLock { $0 = Findings() }
        let workers = max(1, min(4, ProcessInfo.processInfo.activeProcessorCount))
        let copies = try (0..<workers).map { _ in try MutatedWorld(original) }
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            while let (target, round) = nextOf(work) {
                do {
                    try runRound(targets[target], target, round, seed, copies[worker])
                } catch {
                    findings.withLock { $0.faults.append("\(title), round \(round): \(error)") }
                    return
                }
            }
        }
        let found = findings.withLock { $0 }
        if Self.isSoak {
            let statuses = found.statuses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
            print(
                "mutations of \(title): \(work.count), statuses \(statuses); slowest \(String(format: "%.1f", found.slowest.seconds)) s "
                    + "(\(found.slowest.command)); memory at most \(found.largest.bytes >> 20) of \(found.largest.most >> 20) MB "
                    + "(\(found.largest.command))")
        }
        return found.faults
    }

    private func nextOf<Piece: Sendable>(_ work: [Piece]) -> Piece? {
        findings.withLock { found in
            defer { found.begun += 1 }
            return found.begun < work.count ? work[found.begun] : nil
        }
    }

    private func runRound(_ target: MutationTarget, _ number: Int, _ round: Int, _ seed: UInt64, _ world: MutatedWorld) throws {
        var generator = SeededGenerator(seed, UInt64(number), UInt64(round))
        let file = target.files[generator.below(target.files.count)]
        let isWhole = Self.isSoak || target.commands.count == 1
        for command in isWhole ? target.commands : [target.commands[generator.below(target.commands.count)]] {
            try run(command, file, target, round, seed: generator, world)
        }
        guard Self.isSoak, round % 4 == 0 else { return }
        for command in target.slowCommands { try run(command, file, target, round, seed: generator, world) }
    }

    private func run(
        _ command: String, _ file: String, _ target: MutationTarget, _ round: Int, seed: SeededGenerator, _ world: MutatedWorld
    ) throws {
        var generator = seed
        var data = try original.read(file)
        Mutation.apply(to: &data, within: target.bytes, &generator)
        try data.write(to: world.world.folder.appendingPathComponent(file))
        let most = Self.honestTimes * (honest[command] ?? 0) + Self.moreBytes
        let result = try world.world.run(command, limits: .init(seconds: Self.seconds(command), bytes: most))
        var faults: [String] = []
        if let excess = result.excess {
            faults.append("took \(excess)")
        } else if ![0, 1, 2].contains(result.status) {
            faults.append("ended with \(result.status)")
        }
        if ["Fatal error", "Backtrac", "** "].contains(where: result.errors.contains) { faults.append("printed a trace") }
        let halves = try world.world.unfinished()
        // What was ended cannot tidy up.
        if result.excess == nil, !halves.isEmpty { faults.append("left \(halves.joined(separator: ", "))") }
        findings.withLock { found in
            found.statuses[result.status, default: 0] += 1
            if result.seconds > found.slowest.seconds { found.slowest = (result.seconds, command) }
            if result.peakBytes * found.largest.most > found.largest.bytes * most { found.largest = (result.peakBytes, most, command) }
            found.faults += faults.map { "\(title), \(file), round \(round): \(command) \($0): \(result.errors.suffix(300))" }
        }
        try world.restore()
    }
}

/// A copy of a world that is brought back to what it was after each run.
private final class MutatedWorld: @unchecked Sendable {
    // Used by one worker at a time.
    let world: SmallWorld
    private let original: SmallWorld
    private var stamps: [String: [Int]] = [:]

    init(_ original: SmallWorld) throws {
        self.original = original
        world = try original.copy()
        for name in try names() { stamps[name] = stamp(name) }
    }

    private func names() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: world.folder.path) }

    /// What tells a file that was written from one that was not; nil for a folder, and where there is nothing.
    private func stamp(_ name: String) -> [Int]? {
        var status = stat()
        guard lstat(world.path(name), &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return nil }
        return [Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    }

    func restore() throws {
        for name in try names() where stamps[name] == nil && !original.exists(name) {
            try? FileManager.default.removeItem(atPath: world.path(name))
        }
        for (name, known) in stamps where stamp(name) != known {
            try? FileManager.default.removeItem(atPath: world.path(name))
            let file = world.folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try original.read(name).write(to: file)
            stamps[name] = stamp(name)
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
