import Foundation

/// How the encoder knows where a patch lies. All but the first are the ablations of paper table 6.
package enum Conditioning: String, Codable, CaseIterable, Sendable {
    /// Every kernel is Σ_k sigmoid(R p + b)_k W_k.
    case locCondConv
    /// Every kernel is made by a perceptron of p with one hidden layer of K units, Σ_k tanh(R p + b)_k W_k: gates may be negative.
    case hypernetwork
    /// Plain convolutions; p enters beside h into the first layer of the projection head.
    case concatenation
    /// Plain convolutions that do not know the place.
    case none

    /// Whether kernels depend on the location, and so need several experts.
    package var mixesKernels: Bool { self == .locCondConv || self == .hypernetwork }

    /// What the routing layers see of a location.
    func routed(_ location: SIMD3<Float>) -> SIMD3<Float> { mixesKernels ? location : .zero }

    /// The weight of an expert.
    func gate(_ logit: Float) -> Float { self == .hypernetwork ? tanh(logit) : 1 / (1 + exp(-logit)) }

    /// The gate's derivative, given its value.
    func slope(ofGate gate: Float) -> Float { self == .hypernetwork ? 1 - gate * gate : gate * (1 - gate) }
}
