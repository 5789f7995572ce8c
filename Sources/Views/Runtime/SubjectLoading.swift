import Engine

/// Reads what the screens ask for and says how it went, as an event; the same for the live interface and for replays.
enum SubjectLoading {
    /// - Parameter masks: the subtypes whose masks are shown; nil: those that there are.
    static func event(subject id: String, _ library: any SubjectLibrary, masks: [EmphysemaSubtype]? = nil) -> WorkbenchEvent {
        do {
            guard let entry = try library.subjects().first(where: { $0.id == id }) else {
                return .subjectFailed(id: id, "the session has no subject \(id) any more")
            }
            var volumes = try library.load(entry)
            if let masks { for subtype in EmphysemaSubtype.allCases where !masks.contains(subtype) { volumes[subtype] = SubtypeVolumes() } }
            return .subjectLoaded(try LoadedSubject(id: id, volumes))
        } catch {
            return .subjectFailed(id: id, "\(error)")
        }
    }

    static func atlasEvent(_ source: AtlasSource) -> WorkbenchEvent {
        do { return .atlasLoaded(try source().map { try LoadedAtlas($0) }) } catch { return .atlasFailed("\(error)") }
    }

    static func cohortListEvent(_ source: any CohortSource) -> WorkbenchEvent {
        do { return .cohortListed(try source.snapshot()) } catch { return .cohortListed(CohortSnapshot(subjects: [], fault: "\(error)")) }
    }

    static func cohortEvent(subject id: String, _ source: any CohortSource) -> WorkbenchEvent {
        do { return .cohortSubjectLoaded(try LoadedCohortSubject(id: id, try source.volumes(id))) } catch {
            return .cohortSubjectFailed(id: id, "\(error)")
        }
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
