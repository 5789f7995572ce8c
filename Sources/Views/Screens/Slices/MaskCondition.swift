/// How a subject's masks stand.
package enum MaskCondition: String, Codable, Equatable, Sendable {
    /// Of the session as it is now.
    case current
    /// Being predicted, or not of the whole lung.
    case partial
    /// Of an earlier model or classifier, or of another CT.
    case stale
    /// Not readable, or not what was written.
    case damaged
}

extension SubjectVolumes {
    /// Of both subtypes: what is to be said against one of them holds for both; nil where there is no mask.
    package var maskCondition: MaskCondition? {
        if [centrilobular, paraseptal].contains(where: { $0.damage != nil }) { return .damaged }
        let shown = [centrilobular, paraseptal].filter { $0.mask != nil }
        if shown.isEmpty { return nil }
        return shown.contains { $0.staleReason != nil } ? .stale : shown.contains { $0.isPartial } ? .partial : .current
    }
}
