import Engine
import Foundation

/// The interface's loop: terminal, signals, background results and the journal in one `poll`.
package final class EventLoop {
    private let configuration: WorkbenchConfiguration
    private let terminal: any Terminal
    private let wake: WakePipe
    private let background = BackgroundWork()
    private var state: WorkbenchState
    private var open: OpenSession?
    private let start = ContinuousClock.now
    private var isDirty = true
    private var hasMoreJournal = true
    private var exit: ExitReason?
    private var lag = LagWatch()
    private var lastInput = 0.0
    /// Of every session that was on the screen.
    private var maskWork: [any MaskWork] = []

    package init(_ configuration: WorkbenchConfiguration, _ terminal: any Terminal) throws {
        self.configuration = configuration
        self.terminal = terminal
        wake = try WakePipe()
        state = WorkbenchState(size: terminal.size, capabilities: terminal.capabilities)
    }

    private var now: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        // Milliseconds are what a tape needs.
        return (Double(seconds) * 1000 + (Double(attoseconds) / 1e15).rounded()) / 1000
    }

    package func run() throws -> ExitReason {
        if let context = configuration.session { show(context) } else { listSessions() }
        while true {
            readJournal()
            if isDirty {
                isDirty = false
                present()
            }
            open?.saveView(now: now, force: false)
            if let exit {
                open?.saveView(now: now, force: true)
                return exit
            }
            wait()
        }
    }

    private func present() {
        let begin = ContinuousClock.now
        let frame = Screens.render(state)
        let rendered = ContinuousClock.now - begin
        let cost = terminal.present(frame)
        var counters = state.counters
        counters.bytes = cost.bytes
        counters.cells = cost.cells
        counters.renderMilliseconds = rendered.seconds * 1000
        counters.writeMilliseconds = cost.writeSeconds * 1000
        counters.frames += 1
        counters.totalBytes += cost.bytes
        _ = state.reduce(.counted(counters))
        if let lags = lag.judge(cost) { send(.lag(lags)) }
    }

    // MARK: waiting

    /// Sleeps until something happens, or until it is time to look at the journal again.
    private func wait() {
        let isLive = open != nil && !(state.training.isOver && state.session?.ownership == .nobody)
        let rest = state.held == nil ? nil : max(0, WorkbenchState.restSeconds - (now - lastInput))
        if let rest, rest <= 0 {
            send(.settled)
            return
        }
        let milliseconds = min(hasMoreJournal ? 0 : isLive ? 100 : 1000, rest.map { Int32(($0 * 1000).rounded(.up)) } ?? .max)
        var waited = [pollfd(fd: wake.readDescriptor, events: Int16(POLLIN), revents: 0)]
        for descriptor in [terminal.signalDescriptor, terminal.inputDescriptor].compactMap({ $0 }) {
            waited.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        _ = poll(&waited, nfds_t(waited.count), milliseconds)
        for signal in terminal.takeSignals() { handle(signal) }
        if terminal.inputDescriptor != nil, Int32(waited[waited.count - 1].revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 {
            // A terminal that is gone stays readable for ever: never ask it again.
            exit = .hangUp
            return
        }
        for event in wake.take() {
            // Nothing of a session that was left may show up in another.
            if case .masks(_, let session) = event, session != open?.context.folder.root.path { continue }
            if case .journalRead(_, let session, let offset) = event {
                guard let open, open.context.folder.name == session else { continue }
                open.goOn(at: offset)
                hasMoreJournal = true
            }
            send(event)
        }
        for input in terminal.takeInput() {
            lastInput = now
            switch input {
            case .key(let key): send(.key(key))
            case .mouse(let mouse): send(.mouse(mouse))
            }
        }
        tick()
    }

    private func tick() {
        if let ownership = open?.changedOwnership(now: now) { send(.ownership(ownership)) }
        guard now - state.now >= 1 else { return }
        apply(state.reduce(.tick(now)))
        isDirty = true
    }

    private func handle(_ signal: TerminalSignal) {
        switch signal {
        case .resized:
            terminal.resize()
            if terminal.size != state.size { send(.resize(terminal.size)) }
        case .suspend:
            terminal.suspend()
            afterStop()
        case .continued:
            terminal.retake()
            afterStop()
        case .hangUp: exit = .hangUp
        case .terminate(let number): exit = .signal(number)
        }
    }

    private func afterStop() {
        if terminal.size != state.size { send(.resize(terminal.size)) }
        isDirty = true
    }

    // MARK: events and effects

    /// Folds an event, records it on the tape, and does what the reducer asks for.
    private func send(_ event: WorkbenchEvent) {
        apply(state.reduce(.tick(now)))
        open?.tape?.record(event, state, journal: open?.journalOffset ?? 0)
        apply(state.reduce(event))
        isDirty = true
    }

    private func readJournal() {
        guard let open else {
            hasMoreJournal = false
            return
        }
        switch open.readJournal() {
        case .success(let entries):
            hasMoreJournal = !entries.isEmpty
            guard !entries.isEmpty else { return }
            apply(state.reduce(.journal(entries)))
            if state.training.rates.isEmpty, entries.contains(where: { $0.kind == "started" }) {
                apply(state.reduce(.settingsRead(open.identity.rates)))
            }
            isDirty = true
        case .failure(let failure):
            hasMoreJournal = false
            send(.failed(failure.description))
        }
    }

    private func apply(_ effects: [Effect]) {
        for effect in effects { perform(effect) }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .steer(let command):
            do { try open?.steer(command) } catch { send(.failed("the command was not sent: \(error)")) }
        case .loadSubject(let id): loadSubject(id)
        case .loadAtlas: loadAtlas()
        case .listSubjects: listSubjects()
        case .listSessions: listSessions()
        case .masks(let request): ask(request)
        case .listCohort: listCohort()
        case .loadCohortSubject(let id): loadCohortSubject(id)
        case .listExperiments: listExperiments()
        case .startExperiments(let names): changeExperiments { try $0.start(names) }
        case .stopExperiments:
            changeExperiments { source in
                guard source.stop() else { throw Failure("the experiments are run by another process; stop them there") }
                send(.noticed("the experiments stop after the piece at work"))
            }
        case .review(let id, let entry): changeCohort { try $0.review(id, entry) }
        case .prepareAgain(let ids): changeCohort { try $0.prepareAgain(ids) }
        case .openSession(let name):
            attempt { try configuration.open(SessionFolder(configuration.sessionsRoot.appendingPathComponent(name, isDirectory: true))) }
        case .startDemo:
            if let startDemo = configuration.startDemo { attempt(startDemo) }
        case .continueRun(let name): attempt { try configuration.continueRun(folder(name)) }
        case .startRun(let request):
            do { show(try configuration.startRun(request, folder(request.name), request.origin.map(folder))) } catch {
                send(.refused("\(error)"))
            }
        case .estimateRun(let request): estimate(request)
        case .readRun(let name):
            do {
                if let refusal = configuration.refusal() { throw Failure(refusal) }
                let settings = try name.map { try SessionDescription.read(folder($0)) }
                send(
                    .runRead(
                        RunRequest(
                            name: name.map { "\($0)-fork" } ?? "",
                            cohort: try name.map { try cohort(of: $0) } ?? likelyCohort,
                            settings: settings?.settings ?? TrainingSettings(), origin: name)))
            } catch { send(.failed("\(error)")) }
        case .renameSession(let name, let wanted): care(of: name) { _ = try $0.rename(to: wanted) }
        case .noteSession(let name, let text): care(of: name) { try $0.write(note: text) }
        case .deleteSession(let name): care(of: name) { try $0.delete() }
        case .compareSessions(let names): compare(names)
        case .listCheckpoints: if let open { send(.checkpointsListed(Checkpoint.steps(in: open.context.folder))) }
        case .loadViews(let landmark): loadViews(landmark)
        case .saveView(let view):
            open?.keep(view)
            if state.session == nil {
                open?.saveView(now: now, force: true)
                open = nil
            }
        case .exportSubject(let words): exportSubject(words)
        case .redraw: terminal.redrawAll()
        case .captureMouse(let on): terminal.captureMouse(on)
        case .quit: exit = .quit
        }
    }

    private func attempt(_ opening: () throws -> SessionContext) {
        do { show(try opening()) } catch { send(.failed("\(error)")) }
    }

    private func show(_ context: SessionContext) {
        let opened = OpenSession(context)
        var view = ViewSettings.read(context.folder.view)
        if let first = context.firstScreen { view.screen = first }
        opened.startTape(TapeLine(header: opened.identity, view: view, size: state.size, capabilities: state.capabilities))
        open = opened
        maskWork.append(context.masks)
        hasMoreJournal = true
        apply(state.reduce(.sessionOpened(opened.identity, view)))
        readLongJournal(opened)
        isDirty = true
    }

    /// A long journal is shown from its newest part at once, and read whole beside the loop.
    private func readLongJournal(_ opened: OpenSession) {
        guard let tail = opened.beginLongJournal() else { return }
        let (folder, rates) = (opened.context.folder, opened.identity.rates)
        apply(state.reduce(.journalTail(tail)))
        inBackground {
            let (whole, offset) = OpenSession.readWhole(folder, rates: rates)
            return .journalRead(whole, session: folder.name, offset: offset)
        }
    }

    // MARK: sessions

    private func folder(_ name: String) -> SessionFolder {
        SessionFolder(configuration.sessionsRoot.appendingPathComponent(name, isDirectory: true))
    }

    private func cohort(of name: String) throws -> String {
        let folder = folder(name)
        return try SessionDescription.read(folder).cohortFolder(folder).path
    }

    /// The cohort that a new run is most likely to use: that of the session that is chosen, unless another one was named.
    private var likelyCohort: String {
        let chosen = state.sessions.entries.indices.contains(state.sessions.chosen) ? state.sessions.entries[state.sessions.chosen] : nil
        return configuration.cohort ?? chosen.flatMap { try? cohort(of: $0.name) } ?? ""
    }

    private func estimate(_ request: RunRequest) {
        let (estimate, folder) = (configuration.estimate, folder(request.name.isEmpty ? "new" : request.name))
        inBackground {
            do { return .runEstimated(try estimate(request, folder)) } catch { return .runEstimated("\(error)") }
        }
    }

    private func care(of name: String, _ work: (SessionFolder) throws -> Void) {
        do { try work(folder(name)) } catch { send(.refused("\(error)")) }
        listSessions()
    }

    private func compare(_ names: [String]) {
        let folders = names.map(folder)
        inBackground { .runsCompared(RunComparison(reading: folders)) }
    }

    // MARK: background work

    private func inBackground(_ work: @escaping @Sendable () -> WorkbenchEvent) {
        let wake = wake
        background.add { wake.post(work()) }
    }

    private func loadSubject(_ id: String) {
        guard let context = open?.context else { return }
        inBackground { SubjectLoading.event(subject: id, context.library) }
    }

    private func exportSubject(_ words: String) {
        guard let folder = open?.context.folder else { return }
        let export = SubjectExport(state, session: folder)
        state.message = Message(text: "writing the report …", isFault: false)
        inBackground {
            do {
                let files = try export.write(to: SubjectExport.place(words, folder))
                return .noticed("\(files.count) files written: \(files[0].path)")
            } catch { return .refused("not exported: \(error)") }
        }
    }

    private func loadAtlas() {
        guard let context = open?.context else { return }
        inBackground { SubjectLoading.atlasEvent(context.atlas) }
    }

    private func loadViews(_ landmark: Int) {
        guard let folder = open?.context.folder, let key = state.atlas.wantedViews else { return }
        let neighbours = Int(state.training.rates[.neighbours] ?? 2)
        inBackground { .viewsLoaded(SeenViews.read(folder, key, neighbours: neighbours)) }
    }

    private func ask(_ request: MaskRequest) {
        guard let context = open?.context else { return }
        let (wake, session) = (wake, context.folder.root.path)
        context.masks.perform(request) { wake.post(.masks($0, session: session)) }
    }

    /// Once the loop has ended: leaves nothing half-written behind.
    package func finishMaskWork() { for work in maskWork { work.finish() } }

    private func listSubjects() {
        guard let context = open?.context else { return }
        inBackground { SubjectLoading.listEvent(context.library) }
    }

    /// A snapshot like the last is no event: an idle interface stays idle, and its tape short.
    private func listCohort() {
        guard let source = open?.context.cohort else { return }
        let (shown, isListed) = (state.cohort.snapshot, state.cohort.isListed)
        let wake = wake
        background.add {
            let event = SubjectLoading.cohortListEvent(source)
            if case .cohortListed(let snapshot) = event, isListed, snapshot == shown { return }
            wake.post(event)
        }
    }

    /// As with the cohort: an idle interface stays idle.
    private func listExperiments() {
        guard let source = open?.context.experiments else { return }
        let (shown, isListed) = (state.evaluation.snapshot, state.evaluation.isListed)
        let wake = wake
        background.add {
            let event = SubjectLoading.experimentsEvent(source)
            if case .experimentsListed(let snapshot) = event, isListed, snapshot == shown { return }
            wake.post(event)
        }
    }

    private func changeExperiments(_ change: (any ExperimentSource) throws -> Void) {
        guard let source = open?.context.experiments else { return }
        do { try change(source) } catch { send(.failed("\(error)")) }
        listExperiments()
    }

    private func loadCohortSubject(_ id: String) {
        guard let source = open?.context.cohort else { return }
        inBackground { SubjectLoading.cohortEvent(subject: id, source) }
    }

    private func changeCohort(_ change: (any CohortSource) throws -> Void) {
        guard let source = open?.context.cohort else { return }
        do { try change(source) } catch { send(.refused("\(error)")) }
        listCohort()
    }

    private func listSessions() {
        let root = configuration.sessionsRoot
        let open = configuration.open
        let offersDemo = configuration.startDemo != nil
        inBackground {
            .sessionsListed(SessionIndex.list(root) { (try? open($0))?.ownership() ?? .nobody }, demoOffered: offersDemo)
        }
    }
}
