import Cohorts
import TerminalKit

/// From which probability a voxel is shown as emphysema: in steps of 0.05 from 0.05 to 0.95. At one half it is the mask itself.
package struct MaskThreshold: Codable, Equatable, Sendable {
    /// How many steps there are.
    package static let steps = 19
    /// 1 … 19.
    package let step: Int

    package static let mask = MaskThreshold(step: 10)

    package init(step: Int) { self.step = max(1, min(Self.steps, step)) }

    package var probability: Float { Float(step) / 20 }
    /// Whether it marks what the mask does.
    package var isTheMask: Bool { step == 10 }
    /// For example `p ≥ 0.50`.
    package var words: String { "p ≥ \(Text.fixed(Double(probability), 2))" }
    package func changed(by steps: Int) -> MaskThreshold { MaskThreshold(step: step + steps) }

    /// The highest step whose threshold a probability reaches; 0 for none.
    package static func step(reachedBy probability: Float) -> Int {
        guard probability >= 0.05 else { return 0 }
        var step = min(steps, Int(min(probability, 1) * 20))
        // Rounding of the product must not move a value across its threshold.
        if step < steps, probability >= Float(step + 1) / 20 { step += 1 }
        if probability < Float(step) / 20 { step -= 1 }
        return step
    }
}

/// What the overlay of emphysema shows.
package enum OverlayKind: String, Codable, CaseIterable, Sendable {
    case masks
    case centrilobularProbability
    case paraseptalProbability

    package var subtype: EmphysemaSubtype? {
        switch self {
        case .masks: nil
        case .centrilobularProbability: .centrilobular
        case .paraseptalProbability: .paraseptal
        }
    }

    package var next: OverlayKind { Self.allCases[(Self.allCases.firstIndex(of: self)! + 1) % Self.allCases.count] }
}
