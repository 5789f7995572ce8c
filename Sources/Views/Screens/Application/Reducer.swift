import SessionFormat
import TerminalKit

extension WorkbenchState {
    /// Folds one event into the state and says what is to be done outside. Pure: the same state and event always give the same.
    package mutating func reduce(_ event: WorkbenchEvent) -> [Effect] {
        let viewBefore = view
        let source = source(of: event)
        release(before: event)
        var effects = fold(event)
        effects += wantedLoads() + wantedMaskWork()
        drawPictures(before: viewBefore, event)
        remember(event, before: viewBefore, source: source)
        if view != viewBefore, session != nil, !event.opensSession { effects.append(.saveView(view)) }
        return effects
    }

    private mutating func fold(_ event: WorkbenchEvent) -> [Effect] {
        switch event {
        case .key(let key):
            message = nil
            return press(key)
        case .command(let command):
            message = nil
            overlay = nil
            return visit(command)
        case .mouse(let mouse): return handle(mouse)
        case .paste(let text): return paste(text)
        case .resize(let size):
            self.size = size
            return []
        case .offered(let offers):
            self.offers = offers
            return []
        case .tick(let time):
            now = max(now, time)
            if screen == .cohort { return lookAtCohort() }
            if screen == .evaluation { return lookAtEvaluation() }
            return screen == .sessions && now - sessions.lastListed >= 2 ? listSessions() : []
        case .sessionOpened(let identity, let settings): return open(identity, settings)
        case .ownership(let ownership):
            session?.ownership = ownership
            return []
        case .journal(let entries): return fold(entries)
        case .settingsRead(let rates):
            training.begin(with: rates)
            return []
        case .sessionsListed(let entries, let demoOffered):
            show(entries, demoOffered: demoOffered)
            return []
        case .checkpointsListed(let steps):
            if case .rollBack = overlay { overlay = .rollBack(steps: steps.sorted(by: >), chosen: 0) }
            return []
        case .runsCompared(let comparison):
            show(comparison)
            return []
        case .runRead(let request): return open(RunForm(request))
        case .runEstimated(let sentence): return show(needs: sentence)
        case .viewsLoaded(let views):
            atlas.views = views
            return []
        case .lag(let lags):
            isLagging = lags
            return []
        case .settled: return []
        case .cineStep:
            stepCine()
            return []
        case .counted(let counters):
            self.counters = counters
            return []
        case .journalTail(let tail):
            training = tail
            isReadingJournal = true
            return []
        case .journalRead(let whole, _, _):
            let pending = training.pending
            training = whole
            training.pending = pending
            isReadingJournal = false
            return []
        case .subjectsListed(let subjects):
            masks.subjects = subjects
            masks.listComplaint = nil
            return []
        case .subjectsFailed(let sentence):
            masks.listComplaint = sentence
            message = Message(text: sentence, isFault: true)
            return []
        case .subjectLoaded(let loaded): return show(loaded)
        case .subjectFailed(let id, let sentence):
            subjectFailed(id, sentence)
            return []
        case .masks(let report, _): return fold(report)
        case .atlasLoaded(let atlas):
            show(atlas)
            return []
        case .atlasFailed(let sentence):
            self.atlas.isLoading = false
            self.atlas.complaint = sentence
            return []
        case .cohortListed(let snapshot): return show(snapshot)
        case .cohortSubjectLoaded(let loaded):
            show(loaded)
            return []
        case .cohortSubjectFailed(let id, let sentence):
            cohortFailed(id, sentence)
            return []
        case .lungsCorrected(let loaded):
            corrected(loaded)
            return []
        case .lungsNotCorrected(let sentence):
            notCorrected(sentence)
            return []
        case .experimentsListed(let snapshot):
            show(snapshot)
            return []
        case .failed(let sentence):
            message = Message(text: sentence, isFault: true)
            return []
        case .refused(let sentence):
            cohort.correcting = nil
            refuse(sentence)
            return []
        case .noticed(let sentence):
            message = Message(text: sentence, isFault: false)
            return []
        }
    }

    /// Runs a command of the table.
    package mutating func run(_ command: CommandID) -> [Effect] {
        if screen == .cohort, let effects = runCohort(command) { return effects }
        switch command {
        case .showSessions: return leaveSession()
        case .showTraining: return go(to: .training)
        case .showAtlas: return go(to: .atlas)
        case .showMasks: return go(to: .masks)
        case .showCohort: return go(to: .cohort)
        case .showEvaluation: return go(to: .evaluation)
        case .nextScreen: return go(by: 1)
        case .previousScreen: return go(by: -1)
        case .help: overlay = .help(0)
        case .palette: overlay = .palette(query: "", chosen: 0)
        case .redraw: return [.redraw]
        case .toggleMouse:
            mouseCaptured.toggle()
            message = Message(text: mouseCaptured ? "the mouse steers" : "the mouse selects text in the terminal", isFault: false)
            return [.captureMouse(mouseCaptured)]
        case .quit: return quit()
        case .undo, .redo: return runHistory(command)
        case .nextGraphics, .nextMosaic: runGraphics(command)
        case .counters: showsCounters.toggle()
        case .lean: nextLeanMode()
        case .selectPrevious, .selectNext, .selectFirst, .selectLast, .openSession, .startDemo, .newRun, .forkRun, .continueRun,
            .markSession, .compareSessions, .renameSession, .noteSession, .deleteSession:
            return runSessions(command)
        case _ where screen == .comparison: runComparison(command)
        case .closeComparison: break
        case .nextPage, .nextAxis, .toggleLogarithm, .zoomIn, .zoomOut, .panLeft, .panRight, .showAllSteps, .followNewest,
            .curveCursorLeft, .curveCursorRight, .hideCurveCursor, .smoother, .rougher, .nextPanel, .panelUp, .panelDown:
            return runCurves(command)
        case .pauseResume, .singleStep, .raiseLearningRate, .lowerLearningRate, .enterLearningRate, .enterSetting, .checkpoint, .stop,
            .rollBack:
            return runTraining(command)
        case .nextSlice, .previousSlice, .forwardSlices, .backSlices, .firstSlice, .lastSlice, .cursorLeft, .cursorRight, .cursorUp,
            .cursorDown,
            .focusAxial, .focusCoronal, .focusSagittal, .nextPlane, .maximise, .toggleCrosshair, .toggleRadiological, .tallerCells,
            .flatterCells,
            .resetView:
            runSlices(command)
        case .nextLandmark, .previousLandmark, .worstLandmark: runAtlas(command)
        case .nextQuantity:
            view.quantity = view.quantity.next
            message = Message(text: "coloured by \(view.quantity.title)", isFault: false)
        case .showViews: atlas.showsViews.toggle()
        case .nextInterpolation, .nextSlab, .thickerSlab, .thinnerSlab, .nextStyle, .nextRegion, .goToSlice, .farLeft, .farRight, .farUp,
            .farDown, .toggleCine, .nextCineRate, .wholeScreen:
            runReading(command)
        case .enlargeSlice, .shrinkSlice, .shiftLeft, .shiftRight, .shiftUp, .shiftDown: runZoom(command)
        case .nextSubject, .previousSubject, .nextWindow, .previousWindow, .raiseLevel, .lowerLevel, .widenWindow, .narrowWindow, .invert,
            .toggleOverlays, .toggleCentrilobular, .toggleParaseptal, .raiseOpacity, .lowerOpacity, .nextDisease, .previousDisease,
            .nextOverlayKind, .raiseThreshold, .lowerThreshold, .markRuler, .toggleThirds, .exportSubject:
            return runMasks(command)
        case .predict, .stopMaskWork, .boxCentrilobular, .boxParaseptal, .boxHealthy, .removeBox, .toggleBoxes, .fineTune:
            return runMaskWork(command)
        case .acceptSubject, .excludeSubject, .clearReview, .redoSubject, .prepareAgain, .nextDoubtful, .previousDoubtful,
            .toggleLungOutline, .toggleAtlasOutline, .toggleLandmarks, .giveRight, .giveLeft, .takePart, .cutBelow, .cutAbove,
            .clearCorrections:
            return runCohort(command) ?? []
        case .nextExperiment, .previousExperiment, .runExperiment, .runAllExperiments, .stopExperiments, .nextEvaluationPage,
            .evaluationDown, .evaluationUp, .evaluationRight, .evaluationLeft, .nextPoint, .previousPoint, .openPoint:
            return runEvaluation(command)
        }
        return []
    }

    // MARK: screens

    private mutating func go(to screen: ScreenID) -> [Effect] {
        guard session != nil else {
            message = Message(text: "open a session first: choose one and press Enter", isFault: false)
            return []
        }
        view.screen = screen
        return []
    }

    /// Tab goes round the screens of a session; the list of sessions has its own key, since going there closes the session.
    private mutating func go(by step: Int) -> [Effect] {
        let round: [ScreenID] = [.training, .atlas, .masks, .cohort, .evaluation]
        let at = round.firstIndex(of: view.screen) ?? 0
        return go(to: round[(at + step + round.count) % round.count])
    }

    private mutating func leaveSession() -> [Effect] {
        sessions.comparison = nil
        guard let left = session else { return [] }
        sessions.wanted = left.name
        let saved = view
        let isBusy = masks.prediction != nil || masks.fineTuning != nil
        session = nil
        overlay = nil
        return (isBusy ? [.masks(.stop)] : []) + [.saveView(saved)] + listSessions()
    }

    private mutating func open(_ identity: SessionIdentity, _ settings: ViewSettings) -> [Effect] {
        session = identity
        view = settings.limited()
        if view.screen == .sessions || view.screen == .comparison { view.screen = .training }
        overlay = nil
        panelOffset = 0
        history = ChangeHistory()
        training = TrainingState(rates: identity.rates)
        isReadingJournal = false
        atlas = AtlasState()
        masks = MasksState()
        cohort = CohortState()
        evaluation = EvaluationState()
        return [.listSubjects]
    }

    mutating func quit() -> [Effect] {
        if let hint = session?.quitHint, !training.isOver {
            overlay = .confirmQuit(hint: hint)
            return []
        }
        if let running = sessions.entries.first(where: { $0.isRunHere && $0.name != session?.name }) {
            overlay = .confirmQuit(
                hint: "The run \(running.name) saves a checkpoint and stops; it can be resumed from this list.")
            return []
        }
        if evaluation.snapshot.isOwn {
            overlay = .confirmQuit(hint: "The experiments stop; what is done stays, and they can be resumed.")
            return []
        }
        return leave()
    }

    func leave() -> [Effect] { session == nil ? [.quit] : [.saveView(view), .quit] }

    // MARK: the journal

    private mutating func fold(_ entries: [JournalEntry]) -> [Effect] {
        var subjectsChanged = false
        for entry in entries {
            training.fold(entry)
            switch entry.event {
            case .command(let applied): answer(applied)
            case .mask(let mask):
                subjectsChanged = true
                if mask.subject == masks.loaded?.id || mask.subject == masks.loading { masks.needsReload = true }
            case .classifiers(let trained):
                // Masks are stale now.
                guard trained.refusal == nil else { break }
                subjectsChanged = true
                if masks.loaded != nil || masks.loading != nil { masks.needsReload = true }
            case .checkpoint: subjectsChanged = subjectsChanged || masks.subjects.contains { $0.masks != nil }
            case .progress(let progress): subjectsChanged = subjectsChanged || progress.done >= progress.total
            case .started:
                subjectsChanged = true
                atlas.complaint = nil
            default: break
            }
        }
        if subjectsChanged, atlas.atlas == nil { atlas.isMissing = false }
        return subjectsChanged ? [.listSubjects] : []
    }

    /// What the screen needs and is not there yet.
    private mutating func wantedLoads() -> [Effect] {
        guard session != nil else { return [] }
        if screen == .atlas, atlas.showsViews, let landmark = view.landmark, let visit = training.landmarks[landmark]?.loss.last {
            let key = SeenViews.Key(landmark: landmark, step: visit.step)
            // While views are being made none are asked for; a run that goes on would never let them be finished.
            if atlas.wantedViews == nil || (atlas.views?.key == atlas.wantedViews && atlas.views?.key.landmark != landmark) {
                atlas.wantedViews = key
                return [.loadViews(landmark: landmark)]
            }
        }
        switch screen {
        case .atlas where atlas.atlas == nil && !atlas.isLoading && atlas.complaint == nil && !atlas.isMissing:
            atlas.isLoading = true
            return [.loadAtlas]
        case .masks where masks.loading == nil:
            if masks.needsReload, let id = masks.loaded?.id {
                masks.needsReload = false
                return load(subject: id)
            }
            guard masks.loaded == nil, masks.complaint == nil,
                let wanted = masks.subjects.first(where: { $0.id == view.subject }) ?? masks.firstChoice
            else { return [] }
            return load(subject: wanted.id)
        case .cohort: return lookAtCohort()
        case .evaluation: return lookAtEvaluation()
        default: return []
        }
    }

    /// Has a subject read. Nothing of another one stays on the screen meanwhile.
    mutating func load(subject id: String) -> [Effect] {
        if masks.loaded?.id != id {
            masks.loaded = nil
            masks.mark = nil
            masks.needsReload = false
        }
        masks.loading = id
        masks.complaint = nil
        return [.loadSubject(id)]
    }
}

extension WorkbenchEvent {
    fileprivate var opensSession: Bool {
        if case .sessionOpened = self { return true }
        return false
    }
}
