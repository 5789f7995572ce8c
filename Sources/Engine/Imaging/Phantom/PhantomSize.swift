/// How large a phantom's thorax is. Vessels and lesions have their real sizes in both.
package enum PhantomSize: String, Sendable, CaseIterable {
    /// Lungs of 0.41 of an adult's length: about 50 landmarks, a fraction of a second a subject.
    case compact
    /// Full-size lungs: about 550 landmarks.
    case adult

    /// Length against that of an adult.
    var scale: Double { self == .adult ? 1 : 0.41 }
}
