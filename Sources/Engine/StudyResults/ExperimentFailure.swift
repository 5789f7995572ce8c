/// An experiment that could not be run, and why.
package struct ExperimentFailure: Codable, Equatable, Sendable {
    package let name: ExperimentName
    package let sentence: String

    package init(name: ExperimentName, sentence: String) {
        self.name = name
        self.sentence = sentence
    }
}
