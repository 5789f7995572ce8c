import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat

/// `workbench pretrain`: pre-trains an encoder in a session.
struct PretrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pretrain", abstract: "Pre-train an encoder on a prepared cohort, in a session.",
        discussion: "Settings for --set, with their defaults:\n"
            + TrainingSetting.all.map { "  \($0.name)=\($0.value(in: TrainingSettings())): \($0.help); \($0.range)" }.joined(
                separator: "\n"))

    @Option(help: "Prepared cohort, from `workbench prepare`.")
    var cohort: String

    @Option(help: "Session folder; made where it is not there.")
    var session: String

    @Option(help: "Sweeps over all landmarks.")
    var epochs: Int?

    @Option(help: "End after so many steps, counted from the session's beginning.")
    var steps: Int?

    @Option(name: .customLong("set"), help: "A setting, name=value; may be repeated.")
    var settings: [String] = []

    @Flag(help: "Go on from the session's newest checkpoint.")
    var resume = false

    @Option(help: "With --resume: go on from the checkpoint of this step, and remove the later ones.")
    var from: Int?

    @Flag(help: "Train without the interface.")
    var headless = false

    @OptionGroup var job: JobOptions

    @OptionGroup var display: DisplayOptions

    @Option(help: "Threads.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        if let steps, steps < 1 { throw ValidationError("--steps is \(steps), expected 1 or more") }
        if from != nil, !resume { throw ValidationError("--from names the checkpoint of a session that is continued: give --resume, too") }
        if resume, epochs != nil || !settings.isEmpty {
            throw ValidationError("--epochs and --set choose a new session's settings; a resumed one keeps its own (steer it instead)")
        }
        try Usage.check { try wantedSettings() }
    }

    private func wantedSettings() throws -> TrainingSettings {
        var wanted = TrainingSettings()
        try TrainingSetting.apply(settings + (epochs.map { ["epochs=\($0)"] } ?? []), to: &wanted)
        return wanted
    }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        var files = CommandFiles(kept: KeptFolder.all)
        files.fills("--session", session, as: SessionFolder.kept)
        try files.check()
        let prepared = try PreparedCohort(URL(fileURLWithPath: cohort, isDirectory: true))
        if resume {
            _ = try SessionDescription.read(folder)
        } else {
            let wanted = try wantedSettings()
            let estimate = DiskEstimate(settings: wanted, subjects: prepared.subjects.count, landmarks: prepared.atlas.landmarks.count)
            Output.message("disk needed: up to \(estimate.summary)")
            try estimate.check(folder)
            try Trainer.create(folder, cohort: prepared, settings: wanted)
        }
        var options = Trainer.Options()
        options.resume = resume
        options.resumeFrom = from
        options.stepLimit = steps
        if let threads { options.parallel = Parallel(threads: threads) }
        let training = TrainingJob(folder: folder, cohort: prepared, options: options)
        try EngineJob(session: folder, options: job, work: { try training.run().summary }).run(headless: headless, display)
    }
}
