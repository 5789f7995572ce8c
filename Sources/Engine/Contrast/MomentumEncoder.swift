import KernelInterface

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

/// Cuts a long vector into pieces of 64 Ki floats and works on them in parallel.
package func forEachChunk(of count: Int, _ parallel: Parallel, _ body: (Range<Int>) -> Void) {
    let chunk = 1 << 16
    parallel.forEach((count + chunk - 1) / chunk) { i in body(i * chunk..<min(count, (i + 1) * chunk)) }
}
