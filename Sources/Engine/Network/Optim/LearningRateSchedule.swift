import Foundation

/// The learning rate of an epoch: base · ½ (1 + cos(π · epoch / epochs)), set once an epoch, no warm-up.
/// Source: the release's `adjust_learning_rate`.
package struct LearningRateSchedule: Sendable, Equatable {
    package var base: Double
    package let epochs: Int

    package init(base: Double, epochs: Int) {
        self.base = base
        self.epochs = epochs
    }

    /// - Parameter epoch: 0 ..< epochs.
    package func rate(epoch: Int) -> Double { base * 0.5 * (1 + cos(Double.pi * Double(epoch) / Double(epochs))) }
}
