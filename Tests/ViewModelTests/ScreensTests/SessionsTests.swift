import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import TerminalKit
import Testing

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

    @Test("a renamed session stays the chosen one and stays marked, wherever its new name puts it; a refused name chooses no other")
    func renamed() {
        var state = state(120)
        let before = state.sessions.entries
        _ = state.press("Space", "Space", "R", "C-u")
        type("zulu", &state)
        _ = state.press("Enter")
        let chosen = before[state.sessions.chosen].name
        // A list that was read before, or after a refusal: nothing is another.
        _ = state.reduce(.sessionsListed(before, demoOffered: true))
        #expect(state.sessions.chosen == before.firstIndex { $0.name == chosen })
        let after = before.filter { $0.name != chosen } + [SessionSummary(name: "zulu", condition: .idle, ownership: .nobody)]
        _ = state.reduce(.sessionsListed(after, demoOffered: true))
        #expect(after[state.sessions.chosen].name == "zulu")
        #expect(state.sessions.marked.allSatisfy { name in after.contains { $0.name == name } } && state.sessions.marked.count == 2)
    }

    @Test("leaving the list asks while a run of this process goes on")
    func quitWithRun() {
        var state = state()
        #expect(state.press("q") == [] && state.shown.contains("The run alpha saves a checkpoint and stops"))
        #expect(state.press("n") == [] && state.overlay == nil)
        #expect(state.press("q", "y") == [.quit])
        let entries = [SessionSummary(name: "alpha", condition: .running, ownership: .otherProcess)]
        _ = state.reduce(.sessionsListed(entries, demoOffered: true))
        #expect(state.press("q") == [.quit])
    }

    @Test("the list is told anew what changes, and nothing else is read again")
    func index() throws {
        let run = RunStarted(task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: 10, stepsPerEpoch: 5, landmarks: 4)
        let folder = try World.session([JournalEntry(t: 0, step: 0, event: .started(run))])
        defer { World.remove(folder) }
        let journal = try JSONLinesWriter<JournalEntry>(folder.journal)
        let index = SessionIndex()
        func listed() -> SessionSummary? { index.list(folder.root.deletingLastPathComponent()) { _ in .nobody }.first }
        #expect(listed()?.condition == .idle && listed()?.totalSteps == 10)
        try journal.append(JournalEntry(t: 1, step: 10, event: .finished(RunFinished(outcome: "done"))))
        #expect(listed()?.condition == .finished)
        try Data("half of a desc".utf8).write(to: folder.description)
        #expect(listed()?.condition == .unreadable)
        try "mine".write(to: folder.note, atomically: true, encoding: .utf8)
        #expect(listed()?.remark == "mine")
    }

    /// A journal whose first run ended, and which was gone on with: its beginning and its end alone do not show that.
    @Test("a session that the list calls finished is finished when it is opened, and no other", arguments: [true, false])
    func finished(ends: Bool) throws {
        let run = RunStarted(task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: 10, stepsPerEpoch: 5, landmarks: 4)
        let done = JournalEntry(t: 1, step: 10, event: .finished(RunFinished(outcome: "done")))
        let more = (11...1200).map { World.step($0) }
        let folder = try World.session(
            [JournalEntry(t: 0, step: 0, event: .started(run)), done, JournalEntry(t: 2, step: 10, event: .started(run))] + more
                + (ends ? [JournalEntry(t: 3, step: 1200, event: .finished(RunFinished(outcome: "done")))] : []))
        defer { World.remove(folder) }
        try #require(Data(contentsOf: folder.journal).count > 1 << 18)
        try check(folder, isFinished: ends)
    }

    @Test("a damaged line in the journal of a finished session does not make it an unfinished one")
    func damaged() throws {
        let run = RunStarted(task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: 10, stepsPerEpoch: 5, landmarks: 4)
        let folder = try World.session([JournalEntry(t: 0, step: 0, event: .started(run)), World.step(1)])
        defer { World.remove(folder) }
        let handle = try FileHandle(forWritingTo: folder.journal)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"t\": half a li\n".utf8))
        try handle.close()
        try JSONLinesWriter<JournalEntry>(folder.journal).append(
            JournalEntry(t: 1, step: 10, event: .finished(RunFinished(outcome: "done"))))
        try check(folder, isFinished: true)
    }

    /// In the list, and on the session's own screen.
    private func check(_ folder: SessionFolder, isFinished: Bool) throws {
        let summary = SessionIndex().list(folder.root.deletingLastPathComponent()) { _ in .nobody }.first
        #expect((summary?.condition == .finished) == isFinished)
        let word = isFinished ? "✓ finished" : "■ not running"
        let script: [RecordingTerminal.Step] = [.waitFor(word), .key(.character("q"))]
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 40), capabilities: World.colour, script: script, patience: 5)
        #expect(try EventLoop(World.configuration(World.context(folder)), terminal).run() == .quit)
        #expect(!terminal.gaveUp)
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

    @Test("a comparison has keys of its own: none acts on the list that it covers, curves are zoomed and read")
    func comparisonKeys() {
        var state = state(120, 40)
        _ = state.press("Space", "Space", "v")
        #expect(state.message?.text == "reading 2 journals …")
        var run = TrainingState()
        for entry in World.journal(steps: 80) { run.fold(entry) }
        _ = state.reduce(.runsCompared(RunComparison(runs: [.init(name: "alpha", training: run), .init(name: "beta", training: run)])))
        #expect(state.screen == .comparison && state.message == nil)
        #expect(state.press("D", "Enter", "R", "n", "Space", "f") == [] && state.overlay == nil && state.screen == .comparison)
        #expect(state.shown.contains(" v list") && !state.shown.contains("Enter open"))
        _ = state.press("z", "g")
        #expect(state.sessions.curves.span == 40 && state.shown.contains("Loss (log)"))
        _ = state.press(",")
        #expect(state.shown.contains("at step 60") && state.shown.contains("loss 4.400  accuracy 0.50"))
        _ = state.press("Esc")
        #expect(state.screen == .comparison)
        _ = state.press("Esc")
        #expect(state.screen == .sessions)
        // Curves that arrive when another session is on the screen do not wait behind it.
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "alpha", ownership: .nobody), ViewSettings()))
        _ = state.reduce(.runsCompared(RunComparison(runs: [])))
        _ = state.press("0")
        #expect(state.screen == .sessions)
    }

    @Test("what was typed is there again where it is refused, with the reason; a later refusal of something else is a message")
    func refusals() {
        var state = state(100, 40)
        _ = state.reduce(.runRead(RunRequest(name: "", cohort: "prepared", settings: TrainingSettings())))
        type("mine", &state)
        #expect(state.press("Enter").count == 1 && state.overlay == nil)
        _ = state.reduce(.refused("another run computes here"))
        #expect(state.shown.contains("mine") && state.shown.contains("another run computes here"))
        type("2", &state)
        #expect(!state.shown.contains("another run computes here"))
        guard case .startRun(let request)? = state.press("Enter").first else {
            Issue.record("the form was not there again")
            return
        }
        #expect(request.name == "mine2")
        _ = state.press("Down")
        _ = state.reduce(.refused("too late"))
        #expect(state.overlay == nil && state.message?.text == "too late")

        _ = state.press("Home", "R")
        type("x", &state)
        #expect(state.press("Enter") == [.renameSession("alpha", to: "alphax")])
        _ = state.reduce(.refused("alphax is there already"))
        #expect(state.shown.contains("Rename alpha") && state.shown.contains("alphax is there already"))
    }

    @Test("a form asks for what its run takes of the disk, anew for each field that is left changed")
    func estimates() {
        var state = state(100, 40)
        let request = RunRequest(name: "mine", cohort: "prepared", settings: TrainingSettings())
        #expect(state.reduce(.runRead(request)) == [.estimateRun(request)])
        _ = state.reduce(.runEstimated("disk: 3 MB; 9.0 GB free"))
        #expect(state.shown.contains("disk: 3 MB; 9.0 GB free"))
        #expect(state.press("Down", "Down") == [], "nothing has changed")
        #expect(state.press("C-u", "4") == [])
        var wanted = request
        wanted.settings.batch = 4
        #expect(state.press("Down") == [.estimateRun(wanted)])
        #expect(!state.shown.contains("9.0 GB"))
    }

    @Test("in a line Left, Right, Home, End and Delete edit; a note is typed anew unless it is edited")
    func editing() {
        var state = state()
        _ = state.press("Down", "R", "Home", "Delete", "m", "Right", "Right", "i", "End", "s")
        #expect(state.press("Enter") == [.renameSession("beta", to: "metias")])
        _ = state.press("N")
        type("new", &state)
        #expect(state.press("Enter") == [.noteSession("beta", "new")])
        _ = state.press("N", "End")
        type("!", &state)
        #expect(state.press("Enter") == [.noteSession("beta", "with half the rate!")])
    }

    @Test("the chosen session stays chosen when others come and go, and the one that was left is chosen")
    func chosen() {
        var state = state()
        _ = state.press("Down")
        let names = ["a", "alpha", "beta", "gamma"]
        _ = state.reduce(.sessionsListed(names.map { SessionSummary(name: $0, condition: .idle) }, demoOffered: true))
        #expect(state.sessions.chosen == 2)
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "gamma", ownership: .nobody), ViewSettings()))
        _ = state.press("0")
        _ = state.reduce(.sessionsListed(names.map { SessionSummary(name: $0, condition: .idle) }, demoOffered: true))
        #expect(state.sessions.chosen == 3)
    }

    @Test("the chosen session's note and fault are there in full")
    func details() {
        var state = state()
        let note = String(repeating: "many words ", count: 9) + "END"
        _ = state.reduce(.sessionsListed([SessionSummary(name: "a", condition: .faulty, note: "no room", remark: note)], demoOffered: true))
        #expect(state.shown.contains("END") && state.shown.contains("  no room"))
    }

    @Test("where another run computes no form is opened; a session with a damaged description is listed, with or without a journal")
    func elsewhere() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let root = folder.root.deletingLastPathComponent()
        let damaged = SessionFolder(root.appendingPathComponent("damaged", isDirectory: true))
        try FileManager.default.createDirectory(at: damaged.root, withIntermediateDirectories: true)
        try Data("garbage".utf8).write(to: damaged.description)
        let configuration = WorkbenchConfiguration(
            sessionsRoot: root, open: { World.context($0) }, refusal: { "test computes here" })
        let script: [RecordingTerminal.Step] = [
            .waitFor("✗ unreadable"), .waitFor("is damaged"), .key(.character("n")), .waitFor("! test computes here"), .key(.end),
            .key(.character("f")), .waitFor("! test computes here"), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 30), capabilities: World.colour, script: script)
        #expect(try EventLoop(configuration, terminal).run() == .quit)
        #expect(!terminal.gaveUp)
        #expect(!terminal.frames.contains { $0.text.contains("New run") || $0.text.contains("Fork of") })
    }

    @Test("a run that cannot be started and a name that is taken leave the form and the line open")
    func refusedOnDisk() throws {
        let folder = try World.session(World.journal(steps: 6))
        defer { World.remove(folder) }
        let root = folder.root.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: root.appendingPathComponent("test2"), withIntermediateDirectories: true)
        let configuration = WorkbenchConfiguration(
            sessionsRoot: root, open: { World.context($0) }, estimate: { request, _ in "disk of \(request.settings.batch)" },
            cohort: "/nowhere")
        let script: [RecordingTerminal.Step] = [
            .waitFor("6/100"), .key(.character("R")), .key(.character("2")), .key(.enter), .waitFor("is there already"),
            .waitFor("Rename test"), .key(.escape), .key(.character("n")), .waitFor("disk of 128"), .key(.character("m")), .key(.enter),
            .waitFor("runs cannot be started from here"), .waitFor("New run"), .key(.escape), .key(.character("q")),
        ]
        let terminal = RecordingTerminal(size: Size(columns: 120, rows: 40), capabilities: World.colour, script: script)
        #expect(try EventLoop(configuration, terminal).run() == .quit)
        #expect(!terminal.gaveUp)
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
