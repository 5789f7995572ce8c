import Cohorts
import Foundations
import Screens
import StudyResults

/// Reads what the screens ask for and says how it went, as an event; the same for the live interface and for replays.
enum SubjectLoading {
    /// - Parameter masks: the subtypes whose masks are shown; nil: those that there are.
    static func event(subject id: String, _ library: any SubjectLibrary, masks: [EmphysemaSubtype]? = nil) -> WorkbenchEvent {
        event(subject: id, Result { try read(subject: id, library, masks: masks) { true } })
    }

    static func event(subject id: String, _ result: Result<LoadedSubject, any Error>) -> WorkbenchEvent {
        switch result {
        case .success(let loaded): .subjectLoaded(loaded)
        case .failure(let error): .subjectFailed(id: id, "\(error)")
        }
    }

    /// - Parameter isWanted: asked now and then; where it says no, the reading ends with `CancellationError`.
    static func read(
        subject id: String, _ library: any SubjectLibrary, masks: [EmphysemaSubtype]? = nil, isWanted: @Sendable () -> Bool
    ) throws -> LoadedSubject {
        var volumes = try library.load(try entry(id, library), isWanted: isWanted)
        if let masks { for subtype in EmphysemaSubtype.allCases where !masks.contains(subtype) { volumes[subtype] = SubtypeVolumes() } }
        guard isWanted() else { throw CancellationError() }
        return try LoadedSubject(id: id, volumes)
    }

    static func times(subject id: String, _ library: any SubjectLibrary) -> FileTimes {
        FileTimes((try? entry(id, library)).map(library.files) ?? [])
    }

    private static func entry(_ id: String, _ library: any SubjectLibrary) throws -> SubjectEntry {
        guard let entry = try library.subjects().first(where: { $0.id == id }) else {
            throw Failure("the session has no subject \(id) any more")
        }
        return entry
    }

    static func atlasEvent(_ source: AtlasSource) -> WorkbenchEvent {
        do { return .atlasLoaded(try source().map { try LoadedAtlas($0) }) } catch { return .atlasFailed("\(error)") }
    }

    static func cohortListEvent(_ source: any CohortSource) -> WorkbenchEvent {
        do { return .cohortListed(try source.snapshot()) } catch { return .cohortListed(CohortSnapshot(subjects: [], fault: "\(error)")) }
    }

    static func cohortEvent(subject id: String, _ source: any CohortSource) -> WorkbenchEvent {
        cohortEvent(subject: id, Result { try readCohort(subject: id, source) { true } })
    }

    static func cohortEvent(subject id: String, _ result: Result<LoadedCohortSubject, any Error>) -> WorkbenchEvent {
        switch result {
        case .success(let loaded): .cohortSubjectLoaded(loaded)
        case .failure(let error): .cohortSubjectFailed(id: id, "\(error)")
        }
    }

    /// - Parameter isWanted: asked now and then; where it says no, the reading ends with `CancellationError`.
    static func readCohort(subject id: String, _ source: any CohortSource, isWanted: @Sendable () -> Bool) throws -> LoadedCohortSubject {
        let volumes = try source.volumes(id, isWanted: isWanted)
        guard isWanted() else { throw CancellationError() }
        return try LoadedCohortSubject(id: id, volumes)
    }

    static func experimentsEvent(_ source: any ExperimentSource) -> WorkbenchEvent {
        do { return .experimentsListed(try source.snapshot()) } catch { return .failed("\(error)") }
    }

    /// - Parameter conditions: how masks stand, by subject; nil: as they do now.
    static func listEvent(_ library: any SubjectLibrary, conditions: [String: MaskCondition]? = nil) -> WorkbenchEvent {
        do {
            var subjects = try library.subjects()
            if let conditions { for index in subjects.indices { subjects[index].masks = conditions[subjects[index].id] } }
            return .subjectsListed(subjects)
        } catch {
            return .subjectsFailed("\(error)")
        }
    }
}
