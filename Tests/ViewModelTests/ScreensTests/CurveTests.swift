import Foundation
import Interface
import Screens
import SessionFormat
import TerminalKit
import Testing

@Suite("Looking at curves")
struct CurveTests {
    private func state(_ steps: Int = 1000, columns: Int = 120, rows: Int = 40) -> WorkbenchState {
        var state = World.state(columns, rows)
        _ = state.reduce(.journal(World.journal(steps: steps, of: 2000)))
        return state
    }

    private func shown(_ state: WorkbenchState) -> ClosedRange<Int> { state.view.curves.shown(of: state.training.steps) }

    @Test("keys zoom to the newest steps, pan back and on, and follow the run")
    func zoomAndPan() {
        var state = state()
        #expect(shown(state) == 1...1000)
        _ = state.press("z", "z")
        #expect(shown(state) == 750...1000)
        _ = state.press("Left")
        #expect(shown(state).upperBound == 937 && shown(state).lowerBound == 687)
        #expect(state.shown.contains("steps 687…937"))
        _ = state.reduce(.journal([World.step(1001)]))
        #expect(shown(state).upperBound == 937, "what was looked at stays")
        _ = state.press("End")
        #expect(shown(state).upperBound == 1001)
        _ = state.press("Z", "Z", "Z")
        #expect(shown(state) == 1...1001)
        for _ in 0..<30 { _ = state.press("z") }
        #expect(shown(state).count == 9, "never less than eight steps wide")
        _ = state.press("Home")
        #expect(shown(state) == 1...1001)
    }

    @Test("the wheel zooms about the step under the mouse, a press puts the cross-hair there and reads it")
    func mouse() throws {
        var state = state()
        let layout = TrainingLayout(Chrome.content(state.size), state)
        let plot = try #require(
            Chart.plot(
                Rect(column: layout.upper.column, row: layout.upper.row + 1, columns: layout.upper.columns, rows: layout.upper.rows - 1)))
        let column = plot.column + plot.columns / 4
        _ = state.reduce(.mouse(Mouse(.press, column: column, row: plot.row + 2)))
        let step = try #require(state.view.curves.cursor)
        #expect(abs(step - 256) <= 12)
        let loss = 4 - Double(step) * 0.01 + 1
        #expect(state.shown.contains("step \(step)") && state.shown.contains("total \(Text.brief(loss))"))
        for _ in 0..<4 { _ = state.reduce(.mouse(Mouse(.wheelUp, column: column, row: plot.row + 2))) }
        #expect(shown(state).contains(step) && shown(state).count < 500)
        let place = TrainingScreen.scale(state).place(of: step)
        #expect(abs(place - 0.25) < 0.03, "the step stays under the mouse")
        _ = state.press("Esc")
        #expect(state.view.curves.cursor == nil)
    }

    @Test("the cross-hair leaves the charts as they are, and its values have room in 80 columns")
    func readout() {
        for size in [Size(columns: 80, rows: 24), Size(columns: 40, rows: 12)] {
            var state = state(60, columns: size.columns, rows: size.rows)
            let before = TrainingLayout(Chrome.content(size), state)
            _ = state.press(",")
            let after = TrainingLayout(Chrome.content(size), state)
            #expect(before.upper == after.upper && before.lower == after.lower)
            if size.columns == 80 {
                for text in ["step 30", "total 4.70", "acc neigh 0.25", "local 0.50"] { #expect(state.shown.contains(text), "\(text)") }
            }
        }
    }

    @Test("events and commands can be looked back at")
    func panelsScroll() {
        var state = World.state()
        let epochs = (0..<30).map { JournalEntry(t: 1, step: 1, event: .epoch(EpochSummary(epoch: $0, meanLoss: 1))) }
        _ = state.reduce(.journal(World.journal(steps: 1) + epochs))
        #expect(state.shown.contains("epoch 30 done"))
        for _ in 0..<10 { _ = state.press("Up") }
        #expect(state.shown.contains("epoch 20 done") && !state.shown.contains("epoch 21 done"))
        for _ in 0..<90 { _ = state.press("Up") }
        #expect(state.shown.contains("pretrain started"))
        for _ in 0..<90 { _ = state.press("Down") }
        #expect(state.shown.contains("epoch 30 done"))
    }

    @Test("a run without neighbours has no line for them, and its axis fits the others")
    func withoutNeighbours() {
        var state = World.state(120, 40)
        let steps = World.journal(steps: 40).map { entry in
            var entry = entry
            if case .step(var metrics) = entry.event {
                (metrics.neighbour, metrics.acc1_neighbour) = (0, 0)
                entry.event = .step(metrics)
            }
            return entry
        }
        _ = state.reduce(.journal(steps))
        #expect(!state.shown.contains("neigh") && state.shown.contains("local"))
        #expect(!state.shown.contains("    0┤"))
    }

    @Test("an axis has two labels at least, however little it shows")
    func fewTicks() {
        for high in [1.05, 1.3, 1.9, 3, 8] { #expect(ValueScale(1.01...high, rows: 12, logarithmic: true).ticks.count > 1, "\(high)") }
        var times = Series()
        for step in 1...100 { times.append(step: step, Double(step) * 0.45 + 10) }
        for count in 1...8 { #expect(StepScale(1...100, unit: .time(times)).ticks(count: count).count > 1, "\(count)") }
        for last in [3, 9, 60, 414, 1_000_000] { #expect(StepScale(1...last).ticks(count: 2).count > 1, "\(last)") }
    }

    @Test("what frames cost is told until there is something to say")
    func counters() {
        var state = state()
        _ = state.press("F12")
        #expect(state.shown.contains("last frame"))
        _ = state.press("v")
        #expect(state.shown.contains("learning rate and speed") && !state.shown.contains("last frame"))
    }

    @Test("in a tiny window the cross-hair's step and every value of the chart fit in its line")
    func narrowReadout() throws {
        var state = state(columns: 40, rows: 12)
        _ = state.press(",")
        let cursor = try #require(state.view.curves.cursor)
        let line = try #require(state.shown.split(separator: "\n").first { $0.hasPrefix("│\(cursor) ") })
        for name in ["total", "local", "neigh"] { #expect(line.contains(" \(name) ")) }
        #expect(!line.contains("…"))
    }

    @Test("against epochs and time the axis is labelled so, and the cross-hair keeps its step")
    func axes() {
        var state = state()
        /// Whether there is such a line under each of the two charts.
        func isLabelled(_ labels: String) -> Bool {
            state.shown.split(separator: "\n").count { $0.range(of: "^\(labels)", options: .regularExpression) != nil } == 2
        }
        _ = state.press(",", "t")
        let step = state.view.curves.cursor
        #expect(state.view.curves.axis == .epoch)
        #expect(isLabelled("epoch +10 +20 +30 +40 +50"))
        _ = state.press("t")
        #expect(state.view.curves.axis == .time && isLabelled("time +.*0:30.* +1:00"))
        #expect(state.view.curves.cursor == step)
    }

    @Test("time runs as the clock, not as the steps: a pause is as wide as it was long")
    func timeAxis() {
        var times = Series()
        for step in 1...100 { times.append(step: step, Double(step) + (step > 50 ? 100 : 0)) }
        let scale = StepScale(1...100, unit: .time(times))
        #expect(abs(scale.place(of: 50) - 49.0 / 199) < 1e-6 && abs(scale.place(of: 51) - 150.0 / 199) < 1e-6)
        #expect(scale.step(at: 0.5) == 51 && scale.step(at: 0.1) == 21)
        #expect(StepScale(1...100, unit: .epoch(10)).ticks(count: 5).map(\.label) == ["2", "4", "6", "8", "10"])
    }

    @Test("values of 0, or none at all, do not stretch a logarithmic axis; every label fits")
    func logarithmicFloor() {
        for values in [nil, 0...0.8, -1...0.8] as [ClosedRange<Double>?] {
            let scale = ValueScale(values, rows: 12, logarithmic: true)
            #expect(scale.range.upperBound / scale.range.lowerBound < 1001)
        }
        let scale = ValueScale(1e-6...100, rows: 24, logarithmic: true)
        #expect(scale.ticks.count > 8 && scale.ticks.allSatisfy { scale.label($0).count <= 5 })
        #expect(scale.ticks.map(scale.label).contains("1e-4"))
    }

    @Test("a logarithmic axis has decades, and spikes on it are drawn")
    func logarithm() {
        let scale = ValueScale(0.001...10, rows: 12, logarithmic: true)
        #expect(scale.ticks == [0.001, 0.01, 0.1, 1, 10])
        #expect(abs(scale.place(of: 0.1) - 0.5) < 1e-9 && scale.place(of: -1) == 0)
        var state = state()
        _ = state.press("g")
        #expect(state.shown.contains("Loss (log)"))
    }

    @Test("smoothing says its formula, and none is none")
    func smoothing() {
        var state = state(columns: 160)
        #expect(state.shown.contains("line: (1/50) Σ of 50 steps"))
        _ = state.press("[", "[", "[")
        #expect(state.view.curves.smoothingPercent == 0 && state.shown.contains("line: mean of a dot"))
        for _ in 0..<9 { _ = state.press("]") }
        #expect(state.view.curves.smoothingPercent == 20)
    }

    @Test("other pages show rates and health, the panel the landmarks by loss and the commands")
    func pages() {
        var state = state(40)
        _ = state.press("v")
        #expect(state.shown.contains("Learning rate") && state.shown.contains("Samples a second"))
        _ = state.press("v")
        #expect(state.shown.contains("Gradient norm") && state.shown.contains("Spread"))
        _ = state.press("w", "Down")
        #expect(state.shown.contains("Landmarks by loss") && state.view.landmark == 0)
        _ = state.press("Down")
        #expect(state.view.landmark == 1, "the next lower loss")
        let refused = CommandApplied(command: .set(.beta, 3), controlLine: 0, refusal: "no")
        _ = state.reduce(.journal([JournalEntry(t: 9, step: 40, event: .command(refused))]))
        _ = state.press("w")
        #expect(state.shown.contains("beta=3.0") && state.shown.contains("refused: no"))
    }

    @Test("changes of view and settings are taken back and done again, screens and subjects apart")
    func undo() {
        var state = state()
        _ = state.press("z", "z", "g", "2", "1")
        _ = state.press("u")
        #expect(!state.view.curves.logarithmic && state.view.curves.span != nil)
        _ = state.press("u")
        #expect(state.view.curves.span == nil, "both zooms at once")
        #expect(state.screen == .training)
        _ = state.press("u")
        #expect(state.message?.text == "there is nothing to take back")
        _ = state.press("U", "U")
        #expect(state.view.curves.logarithmic && state.view.curves.span != nil)

        #expect(state.press("+") == [.steer(.set(.learningRate, 0.0125))])
        #expect(state.press("u") == [.steer(.set(.learningRate, 0.01))])
        #expect(state.press("U") == [.steer(.set(.learningRate, 0.0125))])
        #expect(state.press("p") == [.steer(.pause)])
        #expect(state.press("u") == [.steer(.resume)])
    }

    @Test("rolling back asks for a checkpoint and for a yes; the curves forget what is abandoned")
    func rollBack() {
        var state = state(300)
        #expect(state.press("b") == [.listCheckpoints])
        _ = state.reduce(.checkpointsListed([100, 200, 300]))
        #expect(state.shown.contains("step 300") && state.shown.contains("100 steps ago"))
        #expect(state.press("Down", "Enter") == [])
        #expect(state.shown.contains("100 later steps and their checkpoints are lost"))
        #expect(state.press("y") == [.steer(.rollBack(200))])
        let applied = JournalEntry(t: 31, step: 300, event: .command(CommandApplied(command: .rollBack(200), controlLine: 0)))
        _ = state.reduce(.journal([applied]))
        #expect(state.training.step == 200 && state.training.total.last?.step == 200 && state.training.pending.isEmpty)
        #expect(state.training.marks.last?.text == "rollback=200" && state.training.landmarks[0]?.loss.last?.step == 197)
        _ = state.reduce(.journal([World.step(201, loss: 9)]))
        #expect(state.training.total.last?.value == 10)
    }

    @Test("a probe is a curve of its own, told in the events and warned of where it finds nothing; a run without one has no page for it")
    func probes() {
        var state = World.state(120, 40)
        _ = state.reduce(.journal(World.journal(steps: 40)))
        _ = state.press("v", "v", "v")
        #expect(state.view.curves.page == .losses)
        func probe(_ step: Int, _ value: Double?) -> JournalEntry {
            var reading = ProbeReading(column: "gold", metric: "balanced accuracy", value: value, baseline: 0.2, subjects: 12)
            if value == nil { reading.complaint = "no solution" }
            return JournalEntry(t: Double(step), step: step, event: .probe(reading))
        }
        _ = state.reduce(.journal((1...8).map { probe(5 * $0, 0.3 + 0.05 * Double($0)) }))
        #expect(state.shown.contains("probe of gold on 12 subjects: balanced accuracy 0.700, guessing 0.200"))
        _ = state.press("v", "v", "v")
        #expect(state.view.curves.page == .probe)
        #expect(state.shown.contains("Probe of gold: balanced accuracy, 12 subjects (guessing: 0.20)"))
        #expect(state.training.probe.count == 8 && state.training.warnings.isEmpty)
        _ = state.reduce(.journal([probe(41, nil)]))
        #expect(state.training.probe.count == 8 && state.training.logEntries.last?.text.contains("no solution") == true)
        // A resumed run reads again what it computes again.
        let resumed = RunStarted(
            task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: 100, stepsPerEpoch: 20, landmarks: 4, resumedFrom: 20)
        _ = state.reduce(.journal([JournalEntry(t: 50, step: 20, event: .started(resumed))]))
        #expect(state.training.probe.steps == [5, 10, 15, 20])
        _ = state.reduce(.journal((5...9).map { probe(5 * $0, 0.19) }))
        #expect(state.training.warnings.contains { $0.contains("the probe finds nothing of gold") })
    }

    @Test("the linear mode tells a warning once while it holds")
    func linearWarnings() {
        var narrator = LinearNarrator()
        var told: [String] = []
        for entry in World.journal(steps: 60) {
            var entry = entry
            if case .step(var metrics) = entry.event {
                metrics.embedding_sd = entry.step > 40 ? 0.08 : 0.0001 * Double(1 + entry.step % 2)
                metrics.acc1 = 0
                entry.event = .step(metrics)
            }
            told += narrator.lines(for: entry).filter { $0.contains("warning:") }
        }
        #expect(told.count == 1 && told[0].contains("the embeddings collapse"))
    }

    @Test("a collapsed run and one that learns nothing are warned of; a good one is not")
    func warnings() {
        func run(_ change: (inout StepMetrics, Int) -> Void) -> [String] {
            var training = TrainingState()
            for index in 1...400 {
                var entry = World.step(index)
                guard case .step(var metrics) = entry.event else { continue }
                change(&metrics, index)
                entry.event = .step(metrics)
                training.fold(entry)
            }
            return training.warnings
        }
        #expect(run { _, _ in }.isEmpty)
        #expect(
            run { metrics, _ in
                metrics.embedding_sd = 0.001
                metrics.acc1 = 0.02
            }.first?.contains("collapse") == true)
        #expect(run { metrics, _ in metrics.loss = 5 }.first?.contains("learns nothing") == true)
        #expect(
            run { metrics, index in
                metrics.loss = 5
                metrics.acc1 = Double(index) / 400
            }.isEmpty)
    }

    /// Longer than what is read at once: the newest steps first, then all, equal to a plain fold.
    @Test("a long journal shows its newest steps at once, and then all of it")
    func longJournal() throws {
        let entries = World.journal(steps: 20_000, of: 30_000)
        let folder = try World.session(entries)
        defer { World.remove(folder) }
        let terminal = RecordingTerminal(
            size: Size(columns: 120, rows: 40), capabilities: World.colour,
            script: [.waitFor("20 000 of 30 000"), .waitFor("(1/1000) Σ of 1000"), .key(.character("q"))])
        #expect(try EventLoop(World.configuration(World.context(folder)), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        #expect(terminal.frames.contains { $0.text.contains("reading the rest") })
        var state = World.state(120, 40, ownership: .nobody)
        _ = state.reduce(.journal(entries))
        let whole = try #require(terminal.frames.last { !$0.text.contains("reading the rest") })
        #expect((1..<30).allSatisfy { whole.text(row: $0).prefix(80) == ScreenFrame.render(state).text(row: $0).prefix(80) })
        // The tape plays to the same end.
        var last = ""
        try TapePlayer(tape: folder.tape, context: World.context(folder)).play { last = $0.text }
        #expect(last.contains("20 000 of 30 000"))
    }

    @Test("the slice across follows the cross-hair when it rests, and before anything else happens")
    func heldSlices() throws {
        var state = World.state(120, 40)
        _ = state.press("3")
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        let axes = try #require(state.masks.loaded?.axes)
        func position() -> Int { axes.position(state.cursor(state.view.cursor!, shownIn: .sagittal, axes), .right) }
        let before = position()
        _ = state.press("h", "h")
        #expect(position() == before && axes.position(state.view.cursor!, .right) == before + 2)
        _ = state.reduce(.settled)
        #expect(position() == before + 2)
        _ = state.press("h", "Up")
        #expect(position() == before + 3)
    }
}
