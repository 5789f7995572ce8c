/// Scans that stand under several subjects of a cohort: one patient would count twice, and may lie in training and test at once.
enum SharedScans {
    /// By subject, what is to be said of it: which others have a scan of the same bytes. Those without are not there.
    static func of(_ records: [SubjectRecord]) -> [String: String] {
        let groups = Dictionary(grouping: records.filter { !$0.imageChecksum.isEmpty }, by: \.imageChecksum).values
        var sentences: [String: String] = [:]
        for group in groups where group.count > 1 {
            for record in group {
                let others = group.map(\.id).filter { $0 != record.id }
                let more = others.count > mostNames ? " and \(others.count - mostNames) more" : ""
                sentences[record.id] =
                    "it has the same scan as \(others.prefix(mostNames).joined(separator: ", "))\(more): one patient would count twice; exclude all but one"
            }
        }
        return sentences
    }

    private static let mostNames = 3
}

extension SubjectOutcome {
    /// The outcome with one more thing to look at, which depends on the cohort's other subjects and so is kept with none of them.
    func noting(_ sentence: String?) -> SubjectOutcome {
        guard let sentence else { return self }
        var noted = self
        if noted.quality.verdict == .ok { noted.quality.verdict = .warning }
        noted.quality.reasons.append(sentence)
        return noted
    }
}
