import Cohorts
import Foundation
import Foundations
import Screens
import Statistics
import StudyResults
import TerminalKit
import Testing

@Suite("The evaluation screen") struct EvaluationTests {
    private static func measurement(_ method: String, _ target: String, _ metric: String, _ folds: [Double]) -> MethodScore {
        let interval = BootstrapInterval(folds: folds.map { _ in 3 }, draws: 50, seed: 1) { fold, drawn in
            folds[fold] + 0.01 * Double(drawn.reduce(0, +) - 3)
        }
        return MethodScore(method: method, target: target, metric: metric, folds: folds, interval: interval, count: 40)
    }

    private static let table2: ExperimentResult = {
        var result = ExperimentResult(name: .table2, profile: .quick, key: "k")
        for (method, gain) in [("DrasCLR", 0.1), ("LAA-950 + Perc15", 0)] {
            for (target, metric) in [("log fev1pp", "R²"), ("gold", "accuracy"), ("gold", "within one"), ("gold", "balanced accuracy")] {
                result.measurements.append(measurement(method, target, metric, [0.5, 0.52, 0.48, 0.55, 0.45].map { $0 + gain * (1 + $0) }))
            }
        }
        result.compare("DrasCLR", testFraction: 0.25)
        result.method = ["5 folds by subject, seed 7"]
        return result
    }()

    private static let figure4: ExperimentResult = {
        var result = ExperimentResult(name: .figure4, profile: .quick, key: "k")
        let x = [0.1, 0.25, 0.5, 0.75, 1]
        for target in ["cle", "paraseptal"] {
            for (series, shift) in [("DrasCLR", 0.2), ("no pre-training", 0)] {
                let mean = x.map { 0.4 + 0.3 * $0 + shift }
                result.curves.append(
                    ExperimentResult.Curve(
                        series: series, target: target, x: x, mean: mean, lower: mean.map { $0 - 0.1 }, upper: mean.map { $0 + 0.1 }))
            }
        }
        result.savings = [ExperimentResult.Saving(target: "centrilobular", fraction: 0.25, lower: 0.1, upper: 0.5)]
        return result
    }()

    private static let figure5: ExperimentResult = {
        var result = ExperimentResult(name: .figure5, profile: .quick, key: "k")
        for (series, scale) in [("cle", 1.0), ("paraseptal", 0.4)] {
            for stage in 0..<4 {
                let subjects = (0..<6).map { "s\(stage)\($0)" }
                let values = (0..<6).map { scale * (Double(stage) * 8 + Double(($0 * 5) % 6) * 2) }
                result.groups.append(ExperimentResult.Group(series: series, name: "GOLD \(stage)", subjects: subjects, values: values))
            }
        }
        result.measurements = [
            MethodScore(
                method: "DrasCLR", target: "cle", metric: "Spearman ρ with GOLD", folds: [0.9], interval: nil, count: 24, note: "p 1e-09")
        ]
        return result
    }()

    private static func snapshot(running: Bool = false) -> ExperimentSnapshot {
        let entries = ExperimentName.allCases.map { name in
            switch name {
            case .table2: ExperimentSnapshot.Entry(name: name, state: .done, result: table2)
            case .figure4: ExperimentSnapshot.Entry(name: name, state: .done, result: figure4)
            case .figure5: ExperimentSnapshot.Entry(name: name, state: .done, result: figure5)
            case .table3: ExperimentSnapshot.Entry(name: name, state: .failed("nobody has the label time"))
            case .table5: ExperimentSnapshot.Entry(name: name, state: running ? .running : .interrupted)
            default: ExperimentSnapshot.Entry(name: name, state: running ? .waiting : .notRun)
            }
        }
        let stage = StageProgress(stage: "pre-train hypernetwork", done: 120, total: 500)
        return ExperimentSnapshot(
            entries: entries, isRunning: running, stage: running ? stage : nil, secondsLeft: running ? 754 : nil, profile: .quick)
    }

    private func state(
        _ columns: Int = 80, _ rows: Int = 24, _ capabilities: Capabilities = World.colour, running: Bool = false
    ) -> WorkbenchState {
        var state = World.state(columns, rows, capabilities, ownership: .nobody)
        _ = state.reduce(.subjectsListed([]))
        #expect(state.press("5") == [.listExperiments, .saveView(state.view)])
        _ = state.reduce(.experimentsListed(Self.snapshot(running: running)))
        return state
    }

    private func choose(_ name: ExperimentName, _ state: inout WorkbenchState) {
        for _ in ExperimentName.allCases { _ = state.press("k") }
        while state.evaluation.chosen != name { _ = state.press("j") }
    }

    @Test("experiments are listed with their state, and a run with its stage and time left")
    func listed() {
        var state = state(130, 40, running: true)
        // The first look goes to what is being computed.
        #expect(state.evaluation.chosen == .table5)
        for text in ["3 of 10 done", "1 failed", "about 12 min 34 s left", "pre-train hypernetwork 120/500", "It is being computed"] {
            #expect(state.shown.contains(text), "\(text)")
        }
        choose(.table3, &state)
        #expect(state.shown.contains("nobody has the label time"))
        choose(.table6, &state)
        #expect(state.shown.contains("waits for its turn"))
        // Asked once a second while it is on the screen.
        #expect(state.reduce(.tick(state.now + 1.5)) == [.listExperiments])
        #expect(state.reduce(.tick(state.now + 0.1)).isEmpty)
        _ = state.press("1")
        #expect(state.reduce(.tick(state.now + 5)).isEmpty)
    }

    @Test("a table shows every number of the report, and scrolls to further columns")
    func table() throws {
        for size in [Size(columns: 80, rows: 24), Size(columns: 200, rows: 60), Size(columns: 40, rows: 12)] {
            var state = state(size.columns, size.rows)
            #expect(state.evaluation.chosen == .table2)
            var seen = ""
            for _ in 0..<6 {
                for _ in 0..<6 {
                    seen += state.shown
                    _ = state.press("PgDn")
                }
                _ = state.press("PgUp", "PgUp", "PgUp", "PgUp", "PgUp", "PgUp", "Right")
            }
            for m in Self.table2.measurements {
                let lower = try #require(m.lower)
                #expect(seen.contains(String(format: "%.3f ± %.3f", m.mean, m.deviation)), "\(size)")
                #expect(seen.contains(String(format: "[%.3f", lower)) && seen.contains(m.metric.prefix(15)), "\(size)")
            }
            #expect(seen.contains("n 40, 5 folds"))
        }
    }

    @Test("comparisons, claims with their verdicts, and the method have a page each")
    func pages() {
        var state = state(120, 40)
        #expect(state.press("v").isEmpty)
        #expect(state.shown.contains("DrasCLR − LAA-950 + Perc15") && state.shown.contains("p < 0.001"))
        _ = state.press("v")
        #expect(state.shown.contains("Frozen features beat densitometry, image by image: holds"))
        #expect(state.shown.contains("Two neighbours help: not measured yet (table7)"))
        _ = state.press("v")
        #expect(state.shown.contains("5 folds by subject, seed 7") && state.shown.contains("profile quick"))
        _ = state.press("v")
        #expect(state.evaluation.page == .results)
        // Claims can be read before anything is chosen that was run.
        choose(.table9, &state)
        _ = state.press("v", "v")
        #expect(state.shown.contains("The atlas does not matter: not measured yet"))
    }

    @Test("curves have bands in the colours of their names, and the part of the boxes that is enough")
    func curves() {
        var state = state(120, 40)
        choose(.figure4, &state)
        for text in ["cle, F1", "paraseptal, F1", "── DrasCLR", "╌╌ no pre-training", "[10 %, 50 %]"] {
            #expect(state.shown.contains(text), "\(text)")
        }
        let frame = ScreenFrame.render(state)
        func braille(_ colour: UInt32) -> Int {
            frame.cells.count { (0x2801...0x28FF).contains($0.glyph.value) && $0.style.foreground == Colour(hex: colour) }
        }
        #expect(braille(0x56B4E9) > 20 && braille(0xD55E00) > 20)
    }

    @Test("a box plot's points are chosen by keys and mouse, and open their subject")
    func points() throws {
        var state = state(120, 40)
        #expect(state.press("]").isEmpty)
        #expect(state.message?.text.contains("figure 5") == true)
        choose(.figure5, &state)
        #expect(state.press("Enter").isEmpty && state.screen == .evaluation)
        _ = state.press("]", "]")
        // The second least of GOLD 0.
        let point = try #require(state.evaluation.chosenPoint)
        #expect(point.group == 0 && point.value == 2)
        #expect(state.shown.contains("◆ \(point.subject)  2.0 % cle, GOLD 0"))
        _ = state.press("Right")
        #expect(state.evaluation.chosenPoint?.group == 1)
        _ = state.press("Left", "[")
        #expect(state.evaluation.chosenPoint?.group == 0)
        // The point under the mouse is the one that is marked there when chosen.
        for number in [3, 20, 40] {
            state.evaluation.point = number
            let frame = ScreenFrame.render(state)
            // The sentence below the plots begins with the sign, too.
            let place = try #require(frame.cells.firstIndex { $0.glyph == "◆" })
            state.evaluation.point = nil
            _ = state.reduce(.mouse(Mouse(.press, column: place % 120, row: place / 120)))
            let found = try #require(state.evaluation.chosenPoint)
            #expect(abs(found.value - state.evaluation.points[number].value) < 2)
        }
        // Without masks the subject opens in the cohort.
        state.evaluation.point = 5
        let subject = state.evaluation.points[5].subject
        #expect(state.press("Enter").contains(.listCohort))
        #expect(state.screen == .cohort)
        let outcome = SubjectOutcome(subject: subject, quality: SubjectQuality(verdict: .ok, reasons: []))
        let others = CohortSnapshot(subjects: [CohortSubject(id: "other", outcome: outcome), CohortSubject(id: subject, outcome: outcome)])
        #expect(state.reduce(.cohortListed(others)) == [.loadCohortSubject(subject)])
        // With masks there.
        _ = state.press("5")
        _ = state.reduce(.subjectsListed([SubjectEntry(id: subject, image: URL(fileURLWithPath: "/nowhere"))]))
        #expect(state.press("Enter").contains(.loadSubject(subject)))
        #expect(state.screen == .masks)
    }

    @Test("experiments are started and stopped by keys; what is done is not run again")
    func running() {
        var state = state(80, 24)
        #expect(state.press("s").isEmpty && state.message?.text.contains("done") == true)
        choose(.table4, &state)
        #expect(state.press("s") == [.startExperiments([.table4]), .listExperiments])
        let left: [ExperimentName] = [.table3, .table4, .table5, .table6, .table7, .table8, .table9]
        #expect(state.press("S") == [.startExperiments(left), .listExperiments])
        #expect(state.press("x").isEmpty)
        var snapshot = Self.snapshot(running: true)
        snapshot.isOwn = true
        _ = state.reduce(.experimentsListed(snapshot))
        #expect(state.press("s").isEmpty && state.press("x") == [.stopExperiments])
        // Leaving would end them: it asks.
        #expect(state.press("q").isEmpty && state.shown.contains("The experiments stop"))
        #expect(state.press("y").contains(.quit))
    }

    @Test("every size from 40×12 up is drawn, whatever is chosen")
    func sizes() {
        for columns in stride(from: 40, through: 220, by: 23) {
            for rows in [12, 17, 24, 45] {
                var state = state(columns, rows)
                for name in ExperimentName.allCases {
                    choose(name, &state)
                    for _ in EvaluationState.Page.allCases {
                        #expect(state.shown.contains(name.heading), "\(columns)x\(rows) \(name)")
                        _ = state.press("v", "PgDn", "]")
                    }
                }
            }
        }
    }

    @Test(
        "goldens",
        arguments: [
            ("evaluation-80x24", 80, 24, true, ExperimentName.table2), ("evaluation-plots-80x24", 80, 24, true, .figure5),
            ("evaluation-40x12-ascii", 40, 12, false, .table2),
        ])
    func goldens(name: String, columns: Int, rows: Int, unicode: Bool, chosen: ExperimentName) throws {
        var state = state(columns, rows, unicode ? World.colour : Capabilities(colours: .mono, unicode: false))
        choose(chosen, &state)
        if chosen == .figure5 { _ = state.press("]", "]", "]") }
        try Golden.compare(state.shown, name)
    }
}
