/// A stage of a longer job moved on.
package struct StageProgress: Codable, Equatable, Sendable {
    package var stage: String
    package var done: Int
    package var total: Int
    /// What was just worked on, for example a subject.
    package var detail: String?

    package init(stage: String, done: Int, total: Int, detail: String? = nil) {
        self.stage = stage
        self.done = done
        self.total = total
        self.detail = detail
    }
}
