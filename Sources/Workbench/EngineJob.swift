import ArgumentParser
import Foundation
import Foundations
import SessionFormat
import Synchronization

/// Work of the engine on its own thread, with the interface or sparse lines of progress in front of it.
struct EngineJob {
    let session: SessionFolder
    /// As given on the command line; nil for a run that was started from the list of sessions.
    var options: JobOptions?
    /// Returns the lines to print at the end.
    let work: @Sendable () throws -> [String]

    /// Runs to the end.
    /// - Parameter headless: no interface; an interrupt asks the run to save and stop.
    func run(headless: Bool, _ display: DisplayOptions) throws {
        Interruption.outliveTerminal()
        if headless || isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0 {
            try follow(start())
        } else {
            Parallel.yieldToInterface()
            let outcome = start()
            try Interface.show(session, job: outcome, display, onHangUp: options?.onHangup ?? .continue)
        }
    }

    /// The outcome, once there is one.
    final class Outcome: Sendable {
        private let value = Mutex<Result<[String], any Error>?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func set(_ result: Result<[String], any Error>) {
            value.withLock { $0 = result }
            done.signal()
        }

        /// Waits for at most some seconds.
        func wait(seconds: Double) -> Result<[String], any Error>? {
            if done.wait(timeout: .now() + seconds) == .success { done.signal() }
            return value.withLock { $0 }
        }

        func waitToEnd() -> Result<[String], any Error>? {
            done.wait()
            done.signal()
            return value.withLock { $0 }
        }

        var isKnown: Bool { value.withLock { $0 != nil } }
    }

    /// Begins the work on its own thread.
    func start() -> Outcome {
        let outcome = Outcome()
        let (work, session, notify) = (work, session, options?.notify)
        Thread {
            Parallel.lowerThreadPriority()
            let result = Result { try work() }
            if let notify { Notification(command: notify, session: session).send(result) }
            outcome.set(result)
        }.start()
        return outcome
    }

    /// Prints progress from the journal until the work ends.
    private func follow(_ outcome: Outcome) throws {
        let interruption = Interruption()
        var asked = false
        var isAlone = false
        var reader = JSONLinesReader<JournalEntry>(session.journal)
        _ = try? reader.read()
        let line = ProgressLine()
        var total = 0
        while true {
            let result = outcome.wait(seconds: 0.2)
            for entry in (try? reader.read()) ?? [] { show(entry, on: line, total: &total) }
            if let result {
                line.finish()
                for text in try result.get() { print(text) }
                if asked { throw ExitCode(130) }
                return
            }
            if interruption.isHungUp, !isAlone {
                isAlone = true
                if let wish = (options?.onHangup ?? .continue).wish { try? JSONLinesWriter<SteeringCommand>(session.control).append(wish) }
            }
            if interruption.isRequested, !asked {
                asked = true
                Output.message("interrupted: saving a checkpoint and stopping; interrupt again to stop at once")
                try? JSONLinesWriter<SteeringCommand>(session.control).append(.stop)
            }
        }
    }

    private func show(_ entry: JournalEntry, on line: ProgressLine, total: inout Int) {
        switch entry.event {
        case .started(let run): total = run.totalSteps
        case .progress(let progress): line.show(progress.stage, done: progress.done, total: progress.total, detail: progress.detail)
        case .step(let metrics):
            let detail = String(
                format: "loss %.3f (local %.3f, neighbour %.3f), accuracy %.0f %%", metrics.loss, metrics.local, metrics.neighbour,
                100 * metrics.acc1)
            line.show("step", done: entry.step, total: max(total, entry.step), detail: detail)
        case .command(let applied):
            Output.message("step \(entry.step): \(applied.command)\(applied.refusal.map { " refused: \($0)" } ?? "")")
        default: break
        }
    }
}
