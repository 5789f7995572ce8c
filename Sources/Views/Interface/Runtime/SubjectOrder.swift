/// Which way a user goes through a list of subjects, and who is then likely to be next.
struct SubjectOrder {
    private var last: String?
    private var step = 1

    /// The subject after this one, in the direction from the one that was looked at before; nil at the list's end.
    mutating func next(after id: String, in subjects: [String]) -> String? {
        guard let at = subjects.firstIndex(of: id) else { return nil }
        if let before = last.flatMap(subjects.firstIndex), before != at { step = before < at ? 1 : -1 }
        last = id
        return subjects.indices.contains(at + step) ? subjects[at + step] : nil
    }
}
