import Foundation
import Screens
import SessionFormat
import TerminalKit

/// The interface as plain text: one line for each change, no art, no cursor movement. For screen readers, logs and terminals that
/// can do no more. Typed lines are steering commands; `q` leaves.
struct LinearMode {
    private let configuration: WorkbenchConfiguration

    init(_ configuration: WorkbenchConfiguration) { self.configuration = configuration }

    func run() throws -> ExitReason {
        let why =
            configuration.linear
            ? "linear mode" : "\(NcursesTerminal.obstacle() ?? "this terminal cannot show screens"); the workbench uses linear mode"
        say("\(why): one line for each change; type pause, resume, checkpoint, stop, name=value or q")
        guard let context = configuration.session else {
            let sessions = SessionIndex().list(configuration.sessionsRoot) { (try? configuration.open($0))?.ownership() ?? .nobody }
            for session in sessions { say(Self.describe(session)) }
            say("open one with: workbench open \(configuration.sessionsRoot.path)/NAME")
            return .sessionOver
        }
        return try follow(context)
    }

    /// Writes a line at once, and nothing in it that steers a terminal, whether or not output is one. Where that is gone, there is nobody to tell,
    /// and `follow` notices.
    private func say(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data((line.printable + "\n").utf8)) }

    private func follow(_ context: SessionContext) throws -> ExitReason {
        say("session \(context.folder.name)")
        let session = OpenSession(context)
        var narrator = LinearNarrator()
        var typed = isatty(STDIN_FILENO) == 1
        while true {
            switch session.readJournal() {
            case .success(let entries):
                for entry in entries { for line in narrator.lines(for: entry) { say(line) } }
                if entries.isEmpty, context.ownership() == .nobody {
                    say("nothing is computing in this session")
                    return .sessionOver
                }
                if !entries.isEmpty { continue }
            case .failure(let failure): throw failure
            }
            var waited = [
                pollfd(fd: typed ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
            ]
            _ = poll(&waited, nfds_t(waited.count), 200)
            // The terminal is gone, or whoever read the lines.
            if Int32(waited[1].revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 { return .hangUp }
            guard typed, waited[0].revents != 0 else { continue }
            guard let line = readLine(strippingNewline: true) else {
                // The terminal closed its input; what is computed still gets reported.
                typed = false
                continue
            }
            let words = line.trimmingCharacters(in: .whitespaces)
            if words == "q" || words == "quit" { return .quit }
            if words.isEmpty { continue }
            do {
                let command = try SteeringCommand(words: words)
                try session.steer(command)
                say("sent \(command)")
            } catch { say("\(error)") }
        }
    }

    private static func describe(_ summary: SessionSummary) -> String {
        var parts = [summary.name, summary.condition.rawValue]
        if summary.totalSteps > 0 { parts.append("step \(summary.step) of \(summary.totalSteps)") }
        if let loss = summary.loss { parts.append("loss \(Text.fixed(loss, 3))") }
        if let note = summary.note { parts.append(note) }
        return parts.joined(separator: ", ")
    }
}

/// Tells the journal in sentences; steps only when another percent of the run is done.
package struct LinearNarrator {
    private var training = TrainingState()
    private var reported = 0
    private var toldPercent = -1
    private var toldWarnings: Set<Substring> = []

    package init() {}

    package mutating func lines(for entry: JournalEntry) -> [String] {
        let before = training.logEntries.count
        let wasFull = training.logEntries.last
        training.fold(entry)
        var lines: [String] = []
        if training.logEntries.last != wasFull || training.logEntries.count != before {
            let fresh = max(1, training.logEntries.count - before)
            lines += training.logEntries.suffix(fresh).map { "\(Text.clock($0.time)) step \($0.step): \($0.text)" }
        }
        // Each warning once while it holds; its numbers, behind the colon, change with every step.
        let warnings = training.warnings.map { (title: $0.prefix { $0 != ":" }, text: $0) }
        lines += warnings.filter { !toldWarnings.contains($0.title) }.map {
            "\(Text.clock(entry.t)) step \(entry.step): warning: \($0.text)"
        }
        toldWarnings = Set(warnings.map(\.title))
        switch entry.event {
        case .step(let metrics):
            guard let total = training.started?.totalSteps, total > 0 else { break }
            let percent = entry.step * 100 / total
            guard percent != toldPercent else { break }
            toldPercent = percent
            let left = training.secondsLeft.map { ", \(Text.duration($0)) left" } ?? ""
            lines.append(
                "\(Text.clock(entry.t)) step \(entry.step) of \(total), \(percent) %: loss \(Text.fixed(metrics.loss, 3)), accuracy \(Text.fixed(metrics.acc1, 2))\(left)"
            )
        case .progress(let progress) where progress.done < progress.total:
            lines.append(
                "\(Text.clock(entry.t)) \(progress.stage): \(progress.done) of \(progress.total)\(progress.detail.map { ", \($0)" } ?? "")")
        default: break
        }
        return lines
    }
}
