import Foundations

/// Cuts a long vector into pieces of 64 Ki floats and works on them in parallel.
package func forEachChunk(of count: Int, _ parallel: Parallel, _ body: (Range<Int>) -> Void) {
    let chunk = 1 << 16
    parallel.forEach((count + chunk - 1) / chunk) { i in body(i * chunk..<min(count, (i + 1) * chunk)) }
}
