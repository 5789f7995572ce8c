/// What the network saw in a training step: one subject's patch at the step's landmark and its augmented views.
package struct SeenPatches: Sendable {
    package let landmark: Int
    package let subject: String
    /// Each `[z][y][x]` of 32³ network inputs in -1…1.
    package let patch, query, key: [Float]
    package let neighbours: [[Float]]

    package init(landmark: Int, subject: String, patch: [Float], query: [Float], key: [Float], neighbours: [[Float]]) {
        self.landmark = landmark
        self.subject = subject
        self.patch = patch
        self.query = query
        self.key = key
        self.neighbours = neighbours
    }
}
