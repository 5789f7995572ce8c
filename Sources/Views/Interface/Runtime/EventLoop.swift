import Foundation
import Foundations
import Masks
import Screens
import TerminalKit

/// The interface's loop: terminal, signals, background results and the journal in one `poll`.
package final class EventLoop {
    let configuration: WorkbenchConfiguration
    let terminal: any Terminal
    let wake: WakePipe
    let background = BackgroundWork()
    let sessionIndex = SessionIndex()
    var state: WorkbenchState
    var open: OpenSession?
    private let start = ContinuousClock.now
    private var isDirty = true
    private var hasMoreJournal = true
    var exit: ExitReason?
    private var lag = LinkMonitor()
    private var lastInput = 0.0
    /// When the last frame had been written.
    private var lastFrame = 0.0
    /// Of every session that was on the screen.
    private var maskWork: [any MaskWork] = []
    /// The ways through the lists of the masks and of the cohort screen.
    var (subjectOrder, cohortOrder) = (SubjectOrder(), SubjectOrder())
    /// Sessions that were opened so far.
    private var visits = 0

    package init(_ configuration: WorkbenchConfiguration, _ terminal: any Terminal) throws {
        self.configuration = configuration
        self.terminal = terminal
        wake = try WakePipe()
        state = WorkbenchState(size: terminal.size, capabilities: terminal.capabilities)
        if let graphics = configuration.graphics { state.view.graphics = graphics }
        if let mosaic = configuration.mosaic { state.view.mosaic = mosaic }
        _ = state.reduce(.offered(terminal.offers))
    }

    var now: Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        // Milliseconds are what a tape needs.
        return (Double(seconds) * 1000 + (Double(attoseconds) / 1e15).rounded()) / 1000
    }

    package func run() throws -> ExitReason {
        Parallel.watchKeys(terminal.inputDescriptor)
        defer {
            Parallel.watchKeys(nil)
            Parallel.endFrame()
        }
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
        let frame = ScreenFrame.render(state)
        let rendered = ContinuousClock.now - begin
        let cost = terminal.present(frame)
        lastFrame = state.coarseness == .others ? now : 0
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
        let rest = !state.isUnsettled ? nil : max(0, state.restSeconds - (now - max(lastInput, lastFrame)))
        if let rest, rest <= 0 {
            send(.settled)
            return
        }
        let cine = state.cineWait(now: now)
        if let cine, cine <= 0 {
            send(.cineStep)
            return
        }
        let soonest = [rest, cine, terminal.inputDeadline].compactMap { $0 }.min()
        let milliseconds = min(hasMoreJournal ? 0 : isLive ? 100 : 1000, soonest.map { Int32(($0 * 1000).rounded(.up)) } ?? .max)
        var waited = [pollfd(fd: wake.readDescriptor, events: Int16(POLLIN), revents: 0)]
        for descriptor in [terminal.signalDescriptor, terminal.inputDescriptor].compactMap({ $0 }) {
            waited.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        Parallel.endFrame()
        _ = poll(&waited, nfds_t(waited.count), milliseconds)
        Parallel.beginFrame()
        for signal in terminal.takeSignals() { handle(signal) }
        if terminal.inputDescriptor != nil, Int32(waited[waited.count - 1].revents) & (POLLHUP | POLLERR | POLLNVAL) != 0 {
            // A terminal that is gone stays readable for ever: never ask it again.
            exit = .hangUp
            return
        }
        for (event, visit) in wake.take() {
            // Nothing of a session that was left may show up in another.
            if let visit, visit != open?.visit { continue }
            if case .masks(_, let session) = event, session != open?.context.folder.root.path { continue }
            if case .journalRead(_, _, let offset) = event {
                open?.goOn(at: offset)
                hasMoreJournal = true
            }
            send(event)
        }
        for input in terminal.takeInput() {
            lastInput = now
            switch input {
            case .key(let key): send(.key(key))
            case .mouse(let mouse): send(.mouse(mouse))
            case .paste(let text): send(.paste(text))
            case .offers(let offers): send(.offered(offers))
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
            noteOffers()
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
        noteOffers()
        isDirty = true
    }

    /// A cell may have another size after a resize.
    private func noteOffers() { if terminal.offers != state.offers { send(.offered(terminal.offers)) } }

    // MARK: events and effects

    /// Folds an event, records it on the tape, and does what the reducer asks for.
    func send(_ event: WorkbenchEvent) {
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
            // Behind the damaged line nothing is read; but a run that came to its end is over, as the list of sessions says.
            if let end = open.completion { apply(state.reduce(.journal([end]))) }
            send(.failed(failure.description))
        }
    }

    private func apply(_ effects: [Effect]) {
        for effect in effects { perform(effect) }
    }

    func show(_ context: SessionContext) {
        visits += 1
        let opened = OpenSession(context, visit: visits)
        var view = ViewSettings.read(context.folder.view)
        if let first = context.firstScreen { view.screen = first }
        if let graphics = configuration.graphics { view.graphics = graphics }
        if let mosaic = configuration.mosaic { view.mosaic = mosaic }
        if configuration.graphics != nil || configuration.mosaic != nil { opened.keep(view) }
        opened.startTape(
            TapeLine(header: opened.identity, view: view, size: state.size, capabilities: state.capabilities, offers: state.offers))
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
        inSession {
            let (whole, offset) = OpenSession.readWhole(folder, rates: rates)
            return .journalRead(whole, session: folder.name, offset: offset)
        }
    }

    /// Once the loop has ended: leaves nothing half-written behind.
    package func finishMaskWork() { for work in maskWork { work.finish() } }
}
