import Cohorts
import Foundation
import Foundations
import Masks
import Screens
import SessionFormat
import StudyResults

/// What the reducer asks for, done: each effect at once, or beside the loop with an event for its result.
extension EventLoop {
    func perform(_ effect: Effect) {
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
        case .correctLungs(let id, let change): correctLungs(id, change)
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
        case .renameSession(let name, let wanted): manage(name) { _ = try $0.rename(to: wanted) }
        case .noteSession(let name, let text): manage(name) { try $0.write(note: text) }
        case .deleteSession(let name): manage(name) { try $0.delete() }
        case .compareSessions(let names): compare(names)
        case .listCheckpoints:
            if let folder = open?.context.folder { inSession { .checkpointsListed(folder.checkpointSteps) } }
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

    /// Changes a session's folder, then lists the sessions again: a large one takes seconds to delete.
    private func manage(_ name: String, _ work: @escaping @Sendable (SessionFolder) throws -> Void) {
        let (wake, folder) = (wake, folder(name))
        background.add { do { try work(folder) } catch { wake.post(.refused("\(error)")) } }
        listSessions()
    }

    private func compare(_ names: [String]) {
        let folders = names.map(folder)
        inBackground { .runsCompared(RunComparison(reading: folders)) }
    }

    // MARK: background work

    func inBackground(_ work: @escaping @Sendable () -> WorkbenchEvent) {
        let wake = wake
        background.add { wake.post(work()) }
    }

    /// Likewise, for what nothing is to be shown of once the session was left.
    func inSession(_ work: @escaping @Sendable () -> WorkbenchEvent) {
        let (wake, visit) = (wake, open?.visit)
        background.add { wake.post(work(), visit: visit) }
    }

    private func loadSubject(_ id: String) {
        guard let open else { return }
        let (wake, visit) = (wake, open.visit)
        let ahead = subjectOrder.next(after: id, in: state.masks.subjects.map(\.id))
        open.subjects.want(id, ahead: ahead) { wake.post(SubjectLoading.event(subject: id, $0), visit: visit) }
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
        inSession { SubjectLoading.atlasEvent(context.atlas) }
    }

    private func loadViews(_ landmark: Int) {
        guard let patches = open?.context.patches, let key = state.atlas.wantedViews else { return }
        let neighbours = Int(state.training.rates[.neighbours] ?? 2)
        inSession { .viewsLoaded(SeenViews.read(key, neighbours: neighbours, from: patches)) }
    }

    private func ask(_ request: MaskRequest) {
        guard let context = open?.context else { return }
        let (wake, session) = (wake, context.folder.root.path)
        context.masks.perform(request) { wake.post(.masks($0, session: session)) }
    }

    private func listSubjects() {
        guard let open else { return }
        let library = open.context.library
        // Something about the subjects has changed.
        open.subjects.forgetAhead()
        inSession { SubjectLoading.listEvent(library) }
    }

    /// A snapshot like the last is no event: an idle interface stays idle, and its tape short.
    private func listCohort() {
        guard let source = open?.context.cohort else { return }
        let (shown, isListed) = (state.cohort.snapshot, state.cohort.isListed)
        let (wake, visit) = (wake, open?.visit)
        background.add {
            let event = SubjectLoading.cohortListEvent(source)
            if case .cohortListed(let snapshot) = event, isListed, snapshot == shown { return }
            wake.post(event, visit: visit)
        }
    }

    /// As with the cohort: an idle interface stays idle.
    private func listExperiments() {
        guard let source = open?.context.experiments else { return }
        let (shown, isListed) = (state.evaluation.snapshot, state.evaluation.isListed)
        let (wake, visit) = (wake, open?.visit)
        background.add {
            let event = SubjectLoading.experimentsEvent(source)
            if case .experimentsListed(let snapshot) = event, isListed, snapshot == shown { return }
            wake.post(event, visit: visit)
        }
    }

    private func changeExperiments(_ change: (any ExperimentSource) throws -> Void) {
        guard let source = open?.context.experiments else { return }
        do { try change(source) } catch { send(.failed("\(error)")) }
        listExperiments()
    }

    private func loadCohortSubject(_ id: String) {
        guard let open else { return }
        let (wake, visit) = (wake, open.visit)
        let ahead = cohortOrder.next(after: id, in: state.cohort.snapshot.subjects.map(\.id))
        open.cohortSubjects.want(id, ahead: ahead) { wake.post(SubjectLoading.cohortEvent(subject: id, $0), visit: visit) }
    }

    /// Of the subject that is shown: what the reader sees is what is corrected.
    private func correctLungs(_ id: String, _ change: LungCorrectionChange) {
        guard let source = open?.context.cohort, let shown = state.cohort.loaded, shown.id == id else { return }
        inSession {
            do { return .lungsCorrected(try LoadedCohortSubject(id: id, try source.correct(id, change, shown.volumes))) } catch {
                return .lungsNotCorrected("\(error)")
            }
        }
    }

    private func changeCohort(_ change: @escaping @Sendable (any CohortSource) throws -> Void) {
        guard let open else { return }
        let (wake, source, visit) = (wake, open.context.cohort, open.visit)
        background.add { do { try change(source) } catch { wake.post(.refused("\(error)"), visit: visit) } }
        listCohort()
    }

    func listSessions() {
        let root = configuration.sessionsRoot
        let (index, open) = (sessionIndex, configuration.open)
        let offersDemo = configuration.startDemo != nil
        inBackground {
            .sessionsListed(index.list(root) { (try? open($0))?.ownership() ?? .nobody }, demoOffered: offersDemo)
        }
    }
}
