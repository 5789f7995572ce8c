/// Which parts of a classifier were trained.
package enum ClassifierScheme: String, Codable, CaseIterable, Sendable {
    /// A linear readout of the frozen encoder.
    case linear
    /// Encoder and readout together.
    case full
}
