import Engine
import Foundation
import Testing
import Views

@Suite("The list of sessions")
struct SessionsTests {
    private func state(_ columns: Int = 80, _ rows: Int = 24) -> WorkbenchState {
        var state = WorkbenchState(size: Size(columns: columns, rows: rows), capabilities: World.colour)
        let entries = [
            SessionSummary(name: "alpha", condition: .running, ownership: .thisProcess, step: 5, totalSteps: 10, loss: 1.5),
            SessionSummary(name: "beta", condition: .finished, step: 10, totalSteps: 10, loss: 1.25, remark: "with half the rate"),
            SessionSummary(name: "gamma", condition: .faulty, step: 3, totalSteps: 10, note: "the loss is not finite"),
        ]
        _ = state.reduce(.sessionsListed(entries, demoOffered: true))
        return state
    }

    private func type(_ text: String, _ state: inout WorkbenchState) {
        for scalar in text.unicodeScalars { _ = state.reduce(.key(.character(scalar))) }
    }

    @Test("renaming, notes and deleting ask, check and act on the chosen session")
    func care() {
        var state = state(120)
        _ = state.press("Down", "R")
        #expect(state.shown.contains("Rename beta"))
        type("/x", &state)
        #expect(state.press("Enter") == [] && state.shown.contains("may hold no /"))
        _ = state.press("Backspace", "Backspace")
        type("-2", &state)
        #expect(state.press("Enter") == [.renameSession("beta", to: "beta-2")])
        _ = state.press("N")
        #expect(state.shown.contains("with half the rate"))
        _ = state.press("C-u")
        type("fine", &state)
        #expect(state.press("Enter") == [.noteSession("beta", "fine")])
        _ = state.press("D")
        #expect(state.shown.contains("Delete beta?"))
        #expect(state.press("n") == [])
        #expect(state.press("D", "y") == [.deleteSession("beta")])
    }

    @Test("a new run's form shows every setting, refuses what cannot be used, and gives what was typed")
    func form() {
        var state = state(100, 40)
        #expect(state.press("n") == [.readRun(nil)])
        _ = state.reduce(.runRead(RunRequest(name: "", cohort: "prepared", settings: TrainingSettings())))
        for setting in TrainingSetting.all { #expect(state.shown.contains(setting.name)) }
        #expect(state.press("Enter") == [] && state.shown.contains("a session needs a name"))
        type("mine", &state)
        _ = state.press("Down", "Down", "Down", "C-u")
        #expect(state.shown.contains("sweeps over all landmarks"))
        type("0", &state)
        #expect(state.press("Enter") == [] && state.shown.contains("a whole number from 1"))
        _ = state.press("C-u")
        type("7", &state)
        #expect(state.shown.contains("was 20"))
        var wanted = TrainingSettings()
        wanted.epochs = 7
        #expect(state.press("Enter") == [.startRun(RunRequest(name: "mine", cohort: "prepared", settings: wanted))])
        #expect(state.overlay == nil)
        // A fork's cohort is that of its origin; small windows show the form as well.
        _ = state.reduce(.runRead(RunRequest(name: "alpha-fork", cohort: "there", settings: wanted, origin: "alpha")))
        _ = state.press("Down")
        type("elsewhere", &state)
        _ = state.reduce(.resize(Size(columns: 40, rows: 12)))
        #expect(state.shown.contains("Fork of alpha"))
        #expect(state.press("Enter") == [.startRun(RunRequest(name: "alpha-fork", cohort: "there", settings: wanted, origin: "alpha"))])
    }

    @Test("marked sessions are compared, each with its letter, and v goes back")
    func comparison() {
        var state = state(120, 40)
        #expect(state.press("v") == [] && state.message?.text.contains("mark two") == true)
        #expect(state.press("Space", "Space", "v") == [.compareSessions(["alpha", "beta"])])
        var slow = TrainingState()
        var fast = TrainingState()
        for entry in World.journal(steps: 80) { slow.fold(entry) }
        for entry in World.journal(steps: 0) + (1...60).map({ World.step($0, loss: 1) }) { fast.fold(entry) }
        _ = state.reduce(
            .runsCompared(
                RunComparison(runs: [
                    .init(name: "alpha", training: slow), .init(name: "beta", training: fast),
                    .init(name: "gone", training: TrainingState(), complaint: "its journal is damaged"),
                ])))
        for text in ["A  alpha", "B  beta", "step 80", "over the last tenth", "its journal is damaged"] {
            #expect(state.shown.contains(text), "\(text)")
        }
        _ = state.press("v")
        #expect(state.shown.contains("progress"))
    }

    @Test("from the list a session is renamed, annotated and deleted on the disk, and its journals compared")
    func onDisk() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let root = folder.root.deletingLastPathComponent()
        let configuration = WorkbenchConfiguration(sessionsRoot: root, open: { World.context($0) })
        let script: [RecordingTerminal.Step] = [
            .waitFor("6/100"), .key(.character("R")), .key(.character("2")), .key(.enter), .waitFor("▸ test2"), .key(.character("N")),
            .key(.character("o")), .key(.character("k")), .key(.enter), .waitFor("test2  ok"), .key(.character(" ")), .key(.character("v")),
            .waitFor("A  test2"), .key(.character("v")), .key(.character("D")), .key(.character("y")), .waitFor("There is no session here"),
            .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 30), capabilities: World.colour, script: script)
        #expect(try EventLoop(configuration, terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        #expect(try FileManager.default.contentsOfDirectory(atPath: root.path).isEmpty)
    }
}
