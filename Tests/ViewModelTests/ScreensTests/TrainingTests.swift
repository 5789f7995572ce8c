import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite struct TrainingTests {
    @Test func journalBecomesCurvesProgressAndEvents() {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 40)))
        let training = state.training
        #expect(training.total.count == 40)
        #expect(training.step == 40)
        #expect(abs(training.stepsPerSecond! - 10) < 1e-9)
        #expect(abs(training.secondsLeft! - 6) < 1e-9)
        #expect(training.landmarks.count == 4)
        // Landmark 3 is visited by steps 4, 8 … 40: its last loss is the total of step 40.
        #expect(abs(training.loss(landmark: 3)! - (4 - 0.4 + 1)) < 1e-6)
        let shown = state.shown
        #expect(shown.contains("40 of 100"))
        #expect(shown.contains("2 of 5"))
        #expect(shown.contains("6 s left"))
        #expect(shown.contains("160 samples/s"))
    }

    @Test func pauseKeySendsPauseAndThenResume() {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 3)))
        #expect(state.press("p") == [.steer(.pause)])
        // Pressed again before the engine answered: the wish is what counts.
        #expect(state.press("p") == [.steer(.resume)])
        _ = state.reduce(.journal([JournalEntry(t: 1, step: 3, event: .command(CommandApplied(command: .pause, controlLine: 0)))]))
        #expect(state.training.pending == [.resume])
        _ = state.reduce(.journal([JournalEntry(t: 1, step: 3, event: .command(CommandApplied(command: .resume, controlLine: 1)))]))
        #expect(state.training.pending.isEmpty)
        #expect(!state.training.isPaused)
        #expect(state.training.marks.map(\.text) == ["pause", "resume"])
    }

    @Test func pausedIsShownAndAllowsSingleSteps() {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 3)))
        #expect(state.press("s") == [])
        _ = state.reduce(.journal([JournalEntry(t: 1, step: 3, event: .command(CommandApplied(command: .pause, controlLine: 0)))]))
        #expect(state.shown.contains("paused"))
        #expect(state.press("s") == [.steer(.singleStep)])
    }

    @Test func learningRateKeysStartFromTheBaseRate() {
        var state = World.state()
        #expect(state.press("+") == [])
        _ = state.reduce(.journal(World.journal(steps: 1) + [World.step(2, lr: 0.004)]))
        // The cosine has lowered the rate of step 2; steering changes the base.
        #expect(state.press("+") == [.steer(.set(.learningRate, 0.0125))])
        #expect(state.press("+") == [.steer(.set(.learningRate, 0.0156))])
        #expect(state.press("-") == [.steer(.set(.learningRate, 0.0125))])
    }

    @Test func promptTakesEverySettingAndRefusesNonsense() {
        for setting in SteerableSetting.allCases {
            var state = World.state()
            _ = state.reduce(.journal(World.journal(steps: 1)))
            _ = state.press("e")
            for scalar in "\(setting.rawValue)=1".unicodeScalars { _ = state.reduce(.key(.character(scalar))) }
            #expect(state.press("Enter") == [.steer(.set(setting, 1))])
            #expect(state.overlay == nil)
        }
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 1)))
        _ = state.press("l")
        #expect(state.press("x", "Enter") == [])
        #expect(state.shown.contains("out of range"))
        _ = state.press("Esc")
        #expect(state.overlay == nil)
    }

    @Test func stopAsksFirst() {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 1)))
        #expect(state.press("x") == [])
        #expect(state.press("n") == [])
        #expect(state.press("x", "y") == [.steer(.stop)])
    }

    @Test func nothingIsSentWhereNobodyComputes() {
        var state = World.state(ownership: .nobody)
        _ = state.reduce(.journal(World.journal(steps: 1)))
        #expect(state.press("p", "c", "+", "x") == [])
        #expect(state.shown.contains("nothing is computing here"))
        var over = World.state()
        _ = over.reduce(.journal(World.journal(steps: 1) + [JournalEntry(t: 1, step: 1, event: .finished(RunFinished(outcome: "done")))]))
        #expect(over.press("c") == [])
    }

    @Test func steeringOfAFinishedRunSaysSoWithTheRemedyInEightyColumns() {
        let ends: [(JournalEntry, remedy: String)] = [
            (JournalEntry(t: 1, step: 1, event: .finished(RunFinished(outcome: "done"))), "f forks it"),
            (JournalEntry(t: 1, step: 1, event: .finished(RunFinished(outcome: "stopped"))), "c resumes it"),
            (JournalEntry(t: 1, step: 1, event: .fault(RunFault(message: "no"))), "c resumes it"),
        ]
        for (end, remedy) in ends {
            var state = World.state(ownership: .nobody)
            _ = state.reduce(.journal(World.journal(steps: 1) + [end]))
            let foot = state.shown.split(separator: "\n").last ?? ""
            #expect(!foot.contains("pause") && foot.contains("curves"))
            for key in ["p", "e", "l", "c", "x", "b"] {
                #expect(state.press(key) == [] && state.overlay == nil)
                #expect(state.shown.contains(remedy), "\(key)")
            }
        }
    }

    @Test func settingsAreShownAsTheyAreSteered() {
        var state = World.state(200, 60)
        let rates: [SteerableSetting: Double] = [
            .learningRate: 0.01, .temperature: 0.2, .momentum: 0.999, .beta: 1, .neighbours: 2, .batch: 4096,
        ]
        _ = state.reduce(.journal(World.journal(steps: 3)))
        _ = state.reduce(.settingsRead(rates))
        func steer(_ command: SteeringCommand) {
            _ = state.reduce(.journal([JournalEntry(t: 1, step: 3, event: .command(CommandApplied(command: command, controlLine: 0)))]))
        }
        steer(.pause)
        steer(.set(.learningRate, 0.02))
        steer(.set(.temperature, 0.15))
        for text in ["0.01 of 0.02", "temperature", "0.15", "0.999", "4096"] { #expect(state.shown.contains(text), "\(text)") }
        #expect(state.press("c") == [.steer(.checkpoint)])
        #expect(state.message?.text == "sent checkpoint; the paused run takes it at once")
        steer(.checkpoint)
        #expect(state.message?.text == "checkpoint was applied")
        _ = state.reduce(.resize(Size(columns: 80, rows: 24)))
        _ = state.press("e")
        for text in ["now", "0.15", "0.02", "1 … 4096"] { #expect(state.shown.contains(text), "\(text)") }
        #expect(Text.significant(4096) == "4096" && Text.significant(0.012345) == "0.0123" && Text.significant(123_456) == "1.23e+05")
    }

    @Test func theEnginesMemoryIsShownWhereTheJournalTellsIt() {
        var state = World.state()
        _ = state.reduce(.journal(World.journal(steps: 2)))
        #expect(!state.shown.contains("memory"))
        for (step, memory) in [(3, 1500.0), (4, 850)] {
            var entry = World.step(step)
            guard case .step(var metrics) = entry.event else { continue }
            metrics.memory_mb = memory
            entry.event = .step(metrics)
            _ = state.reduce(.journal([entry]))
        }
        for text in ["memory", "850 MB", "data wait", "threads", "160 samples/s"] { #expect(state.shown.contains(text), "\(text)") }
        _ = state.reduce(.resize(Size(columns: 120, rows: 40)))
        #expect(state.shown.contains("850 MB, peak 1.50 GB"))
    }

    @Test func landmarksCountFromZeroAndEpochsFromOne() {
        var state = World.state()
        let epoch = JournalEntry(t: 2, step: 20, event: .epoch(EpochSummary(epoch: 0, meanLoss: 4)))
        _ = state.reduce(.journal(World.journal(steps: 20) + [epoch]))
        for text in ["3 of 0…3", "epoch             1 of 5", "epoch 1 done"] { #expect(state.shown.contains(text), "\(text)") }
    }

    @Test func quitAsksWhereItMatters() {
        var state = WorkbenchState(size: Size(columns: 80, rows: 24), capabilities: World.colour)
        let identity = SessionIdentity(name: "test", ownership: .thisProcess, quitHint: "the training stops after a checkpoint")
        _ = state.reduce(.sessionOpened(identity, ViewSettings()))
        #expect(state.press("q") == [])
        #expect(state.shown.contains("the training stops after a checkpoint"))
        #expect(state.press("y").last == .quit)
        var other = World.state()
        #expect(other.press("q").last == .quit)
    }

    @Test func resumeForgetsWhatIsComputedAgain() {
        var state = World.state()
        var again = World.journal(steps: 0)
        again[0].event = .started(
            RunStarted(task: "pretrain", pid: 2, threads: 2, isa: "v3", totalSteps: 100, stepsPerEpoch: 20, landmarks: 4, resumedFrom: 20))
        _ = state.reduce(.journal(World.journal(steps: 30) + again + (21...25).map { World.step($0, loss: 9) }))
        #expect(state.training.total.steps == Array(1...25))
        #expect(state.training.total.last?.value == 10)
    }

    @Test func finishedRunShowsItsSummary() {
        var state = World.state()
        let end = JournalEntry(t: 9, step: 100, event: .finished(RunFinished(outcome: "done", summary: ["centrilobular Dice 0.71"])))
        _ = state.reduce(.journal(World.journal(steps: 100) + [end]))
        #expect(state.shown.contains("✓ finished"))
        #expect(state.shown.contains("centrilobular Dice 0.71"))
    }

    @Test func aFinishedRunKeepsBothChartsAndItsSummaryScrolls() {
        var state = World.state()
        let lines = (1...12).map { "line \($0) " + String(repeating: "word ", count: 20) + "end\($0)" }
        let end = JournalEntry(t: 9, step: 100, event: .finished(RunFinished(outcome: "done", summary: lines)))
        _ = state.reduce(.journal(World.journal(steps: 100) + [end]))
        for text in ["─ Loss", "─ Accuracy", "data wait", "threads", "line 1 ", "end1", "Up and Down scroll"] {
            #expect(state.shown.contains(text), "\(text)")
        }
        for _ in 0..<60 { _ = state.press("Down") }
        #expect(state.shown.contains("end12"))
        _ = state.press("Up")
        #expect(!state.shown.contains("end12"))
        _ = state.press("w")
        #expect(state.shown.contains("Landmarks by loss") && state.shown.contains("─ Accuracy"))
    }

    @Test func stagesShowBeforeTheFirstStep() {
        var state = World.state()
        let stage = JournalEntry(t: 1, step: 0, event: .progress(StageProgress(stage: "lungs", done: 3, total: 20, detail: "s004")))
        _ = state.reduce(.journal(World.journal(steps: 0) + [stage]))
        #expect(state.shown.contains("lungs"))
        #expect(state.shown.contains("3/20"))
        #expect(state.shown.contains("s004"))
    }

    @Test func linearModeTellsEachChangeOnce() {
        var narrator = LinearNarrator()
        let lines = World.journal(steps: 100, of: 1000).flatMap { narrator.lines(for: $0) }
        // The start, and one line for each percent from 0 to 10.
        #expect(lines.count == 1 + 11)
        #expect(lines[0].contains("pretrain started"))
        #expect(lines.last!.contains("10 %"))
        let fault = narrator.lines(for: JournalEntry(t: 5, step: 100, event: .fault(RunFault(message: "the loss is not finite"))))
        #expect(fault.count == 1 && fault[0].contains("the loss is not finite"))
    }
}
