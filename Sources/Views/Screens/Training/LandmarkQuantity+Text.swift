import Foundation
import TerminalKit

/// How the screens write a landmark's quantities, and their history.
extension LandmarkQuantity {
    /// One word, for a line of a table.
    var name: String {
        switch self {
        case .loss: "loss"
        case .change: "change"
        case .accuracy: "accuracy"
        case .bankFill: "bank"
        case .gradientNorm: "gradient"
        }
    }

    func text(_ value: Double?) -> String {
        guard let value else { return "–" }
        switch self {
        case .loss: return Text.fixed(value, 3)
        case .change: return String(format: "%+.3f", value)
        case .accuracy: return Text.fixed(value, 2)
        case .bankFill: return "\(Int((value * 100).rounded())) %"
        case .gradientNorm: return String(format: "%#.3g", value)
        }
    }

    /// Its values, visit by visit.
    package func history(_ record: LandmarkRecord) -> Series {
        switch self {
        case .loss: return record.loss
        case .accuracy: return record.accuracy
        case .bankFill: return record.bankFill
        case .gradientNorm: return record.gradientNorm
        case .change:
            var changes = Series()
            let (steps, values) = (record.loss.steps, record.loss.values)
            for visit in values.indices.dropFirst() {
                changes.append(step: steps[visit], Double(values[visit]) - Double(values[visit - 1]))
            }
            return changes
        }
    }
}
