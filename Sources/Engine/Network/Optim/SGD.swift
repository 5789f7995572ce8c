import Foundations
import KernelInterface

/// Stochastic gradient descent with momentum and weight decay on every parameter: g += λ p; v = g at the first step, then μ v + g; p -= η v.
/// Source: `torch.optim.SGD` as the release uses it.
package final class SGD {
    package let momentum: Float
    package let weightDecay: Float
    /// The velocities v, laid out like the parameters.
    package let velocity: ParameterSet
    package private(set) var steps: Int

    package init(layout: ParameterLayout, momentum: Float, weightDecay: Float, steps: Int = 0) {
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.steps = steps
        velocity = ParameterSet(layout)
    }

    /// Continues after a checkpoint.
    package func restore(steps: Int) { self.steps = steps }

    package func step(_ parameters: ParameterSet, gradient: ParameterSet, rate: Float, kernels: any KernelSet, parallel: Parallel) {
        precondition(parameters.layout == gradient.layout && parameters.layout == velocity.layout, "SGD: layouts differ")
        let first = steps == 0
        forEachChunk(of: parameters.values.count, parallel) { range in
            let start = range.lowerBound
            kernels.descend(
                parameters: parameters.values.pointer + start, velocity: velocity.values.pointer + start,
                gradient: Floats(gradient.values.pointer + start), count: range.count, rate: rate, momentum: momentum, decay: weightDecay,
                first: first)
        }
        steps += 1
    }
}
