import Foundations
import KernelInterface
import Network

/// The key network follows the query network: key = m · key + (1 - m) · query, parameters only. Its batch-norm statistics are its own.
/// Source: the release's `_momentum_update_key_encoder`.
package enum MomentumEncoder {
    package static func follow(key: PatchEncoder, query: PatchEncoder, m: Float, kernels: any KernelSet, parallel: Parallel) {
        forEachChunk(of: key.parameters.values.count, parallel) { range in
            kernels.blend(
                key: key.parameters.values.pointer + range.lowerBound, query: Floats(query.parameters.values.pointer + range.lowerBound),
                m: m,
                count: range.count)
        }
    }
}
