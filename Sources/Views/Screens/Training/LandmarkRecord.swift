import SessionFormat
import TerminalKit

/// What was measured at one landmark, visit by visit.
package struct LandmarkRecord: Equatable, Sendable {
    package var loss = Series()
    package var accuracy = Series()
    package var gradientNorm = Series()
    package var bankFill = Series()

    mutating func add(_ metrics: StepMetrics, step: Int) {
        loss.append(step: step, metrics.loss)
        accuracy.append(step: step, metrics.acc1)
        gradientNorm.append(step: step, metrics.gradient_norm)
        bankFill.append(step: step, metrics.bank_fill)
    }

    mutating func truncate(after step: Int) {
        loss.truncate(after: step)
        accuracy.truncate(after: step)
        gradientNorm.truncate(after: step)
        bankFill.truncate(after: step)
    }

    /// The last loss less the one a visit ago; nil before the second visit.
    package var change: Double? {
        loss.count > 1 ? Double(loss.values[loss.count - 1]) - Double(loss.values[loss.count - 2]) : nil
    }
}

/// A quantity that the atlas shows at its landmarks.
package enum LandmarkQuantity: String, Codable, CaseIterable, Sendable {
    case loss, change, accuracy, bankFill, gradientNorm

    package var title: String {
        switch self {
        case .loss: "loss"
        case .change: "change of loss"
        case .accuracy: "accuracy"
        case .bankFill: "bank filled"
        case .gradientNorm: "gradient norm"
        }
    }

    package func value(_ record: LandmarkRecord) -> Double? {
        switch self {
        case .loss: record.loss.last.map { Double($0.value) }
        case .change: record.change
        case .accuracy: record.accuracy.last.map { Double($0.value) }
        case .bankFill: record.bankFill.last.map { Double($0.value) }
        case .gradientNorm: record.gradientNorm.last.map { Double($0.value) }
        }
    }
}
