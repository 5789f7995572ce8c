import Dispatch
import Foundation
import Foundations
import StudyResults
import Synchronization

/// Follows the experiments of a folder, whoever runs them, and runs them in the background of this process.
package final class ExperimentBrowser: ExperimentSource {
    private struct State {
        var reader: JSONLinesReader<ExperimentEvent>
        var names: [ExperimentName] = []
        var begun: ExperimentName?
        var failures: [ExperimentName: String] = [:]
        var key: String?
        var stage: StageProgress?
        var secondsLeft: Double?
        var fault: String?
        var request: ExperimentRequest?
        /// Results as they were read last, and of which files.
        var results: [ExperimentName: (stamp: [Int], value: Result<ExperimentResult?, any Error>)] = [:]
        /// The job of this process.
        var isWorking = false
    }

    package let folder: ExperimentFolder
    private let state: Mutex<State>
    private let isStopping = Atomic<Bool>(false)
    private let ended = DispatchGroup()

    /// - Parameter request: what experiments are made of where none were run in the folder; nil where that is not known.
    package init(_ folder: ExperimentFolder, request: ExperimentRequest? = nil) {
        self.folder = folder
        state = Mutex(State(reader: JSONLinesReader(folder.progress), request: request))
    }

    /// Where the prepared cohort lies, or will lie; nil where no experiments were run.
    package var cohort: URL? {
        state.withLock { state in
            for event in (try? state.reader.read()) ?? [] { Self.fold(event, into: &state) }
            return state.request?.preparedFolder(folder)
        }
    }

    // MARK: Looking

    /// How things stand. Cheap: what was read before is not read again.
    package func snapshot() throws -> ExperimentSnapshot {
        try state.withLock { state in
            for event in try state.reader.read() { Self.fold(event, into: &state) }
            let isRunning = state.isWorking || folder.isRunning
            let entries = ExperimentName.allCases.map { name in
                do {
                    let result = try result(name, &state).flatMap { state.key == nil || $0.key == state.key ? $0 : nil }
                    return ExperimentSnapshot.Entry(
                        name: name, state: Self.stand(name, result, state, isRunning: isRunning), result: result)
                } catch {
                    return ExperimentSnapshot.Entry(name: name, state: .failed("\(error)"))
                }
            }
            return ExperimentSnapshot(
                entries: entries, isRunning: isRunning, isOwn: state.isWorking, stage: isRunning ? state.stage : nil,
                secondsLeft: isRunning ? state.secondsLeft : nil, fault: isRunning ? nil : state.fault, profile: state.request?.profile)
        }
    }

    private static func stand(_ name: ExperimentName, _ result: ExperimentResult?, _ state: State, isRunning: Bool)
        -> ExperimentSnapshot.State
    {
        if state.begun == name { return isRunning ? .running : .interrupted }
        if result != nil { return .done }
        if let sentence = state.failures[name] { return .failed(sentence) }
        return isRunning && state.names.contains(name) ? .waiting : .notRun
    }

    private static func fold(_ event: ExperimentEvent, into state: inout State) {
        switch event.kind {
        case .started:
            state.names = event.names ?? []
            (state.begun, state.key, state.stage, state.secondsLeft, state.fault) = (nil, nil, nil, nil, nil)
            state.failures = [:]
            if let request = event.request { state.request = request }
        case .opened: state.key = event.key
        case .began: state.begun = event.name
        case .progress: (state.stage, state.secondsLeft) = (event.stage, event.secondsLeft)
        case .done:
            state.begun = nil
            event.name.map { name in state.names.removeAll { $0 == name } }
        case .failed:
            if let name = event.name { state.failures[name] = event.message ?? "" } else { state.fault = event.message }
            state.begun = nil
        case .finished: state.begun = nil
        case .interrupted: break
        }
    }

    /// A file that is the same is not read again.
    private func result(_ name: ExperimentName, _ state: inout State) throws -> ExperimentResult? {
        var status = stat()
        guard stat(folder.result(name).path, &status) == 0 else { return nil }
        let stamp = [Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
        if let known = state.results[name], known.stamp == stamp { return try known.value.get() }
        let value = Result { try ExperimentResult.read(name, in: folder) }
        state.results[name] = (stamp, value)
        return try value.get()
    }

    // MARK: Running

    /// Runs experiments in the background of this process, of the same cohort and settings as those before.
    /// - Throws: `Failure` where experiments are being run in the folder, or it is not known of what.
    package func start(_ names: [ExperimentName]) throws {
        let request = state.withLock { state in
            for event in (try? state.reader.read()) ?? [] { Self.fold(event, into: &state) }
            return state.request
        }
        guard let request else {
            throw Failure("\(folder.root.path) does not say what its experiments are made of; run `workbench experiment` with that cohort")
        }
        try start(ExperimentJob(names, request, folder: folder))
    }

    /// Runs a job in the background of this process.
    /// - Throws: `Failure` where experiments are being run in the folder.
    package func start(_ job: ExperimentJob) throws {
        try state.withLock { state in
            guard !state.isWorking, !folder.isRunning else {
                throw Failure("experiments are being run in \(folder.root.path); wait for them, or stop them first")
            }
            (state.isWorking, state.names, state.fault) = (true, job.names, nil)
            state.failures = [:]
        }
        isStopping.store(false, ordering: .relaxed)
        ended.enter()
        DispatchQueue(label: "experiments", qos: .utility).async { [self] in
            Parallel.lowerThreadPriority()
            defer { ended.leave() }
            var fault: String?
            do { _ = try job.run(isCancelled: { self.isStopping.load(ordering: .relaxed) }) } catch {
                if !(error is Cancelled) { fault = "\(error)" }
            }
            state.withLock { state in
                state.isWorking = false
                if let fault { state.fault = fault }
            }
        }
    }

    /// Waits for the run of this process.
    package func waitToEnd() { ended.wait() }

    /// Asks the run of this process to end after the piece at work.
    /// - Returns: false where this process runs none.
    package func stop() -> Bool {
        let isWorking = state.withLock { $0.isWorking }
        if isWorking { isStopping.store(true, ordering: .relaxed) }
        return isWorking
    }
}
