import COpenBLAS
import Foundation
import Foundations
import KernelInterface
import Network

/// The contrastive loss -log( exp(q·k/T) / (exp(q·k/T) + Σ exp(q·n/T)) ) over the keys n of one landmark's bank, with its gradient.
///
/// Source: paper equations 3 (local: q is the patch's embedding) and 4 (neighbour: q is the sum of the neighbours' embeddings); the release's
/// `MoCo.forward`.
package struct InfoNCE {
    /// Temperature T.
    package let temperature: Float
    /// Slots of a query's own subject are masked (-∞).
    package let maskOwnKeys: Bool
    /// Slots that hold no key yet are masked.
    package let maskEmpty: Bool

    package init(temperature: Float, maskOwnKeys: Bool, maskEmpty: Bool = false) {
        self.temperature = temperature
        self.maskOwnKeys = maskOwnKeys
        self.maskEmpty = maskEmpty
    }

    package struct Result {
        /// Loss of each query, nats.
        package var losses: [Float]
        /// Whether the positive logit is the largest.
        package var correct: [Bool]
    }

    /// Rows of one task; fixed, so that results do not depend on the number of threads.
    private static let rows = 16

    /// - Parameters:
    ///   - queries: `[count][128]`.
    ///   - keys: the positives, `[count][128]`.
    ///   - subjects: the subject of each query.
    ///   - bank: negatives `[slots][128]` with the subject of each slot (-1 for none).
    ///   - scale: factor of the gradient, 1 / batch for the batch's mean (times β).
    ///   - queryGradient: receives `[count][128]`.
    ///   - logits: if given, receives `[count][1 + slots]`, divided by T, the positive first.
    package func evaluate(
        queries: Floats, keys: Floats, count: Int, subjects: [Int32], bank: MemoryBank.Slots, scale: Float, queryGradient: MutableFloats,
        logits: MutableFloats? = nil, parallel: Parallel
    ) -> Result {
        let width = EncoderArchitecture.embedding
        let slots = bank.count
        var losses = [Float](repeating: 0, count: count)
        var correct = [Bool](repeating: false, count: count)
        losses.withUnsafeMutableBufferPointer { lossBuffer in
            correct.withUnsafeMutableBufferPointer { correctBuffer in
                // Each row is written by exactly one thread.
                nonisolated(unsafe) let losses = lossBuffer
                nonisolated(unsafe) let correct = correctBuffer
                parallel.forEach((count + Self.rows - 1) / Self.rows) { task in
                    let first = task * Self.rows
                    let n = min(Self.rows, count - first)
                    let scores = UnsafeMutablePointer<Float>.allocate(capacity: n * slots)
                    defer { scores.deallocate() }
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(n), Int32(slots), Int32(width), 1 / temperature,
                        queries + first * width,
                        Int32(width), bank.keys, Int32(width), 0, scores, Int32(slots))
                    for row in 0..<n {
                        let line = scores + row * slots
                        let key = keys + (first + row) * width
                        var positive: Float = 0
                        for i in 0..<width { positive += queries[(first + row) * width + i] * key[i] }
                        positive /= temperature
                        if maskOwnKeys {
                            for slot in 0..<slots where bank.owners[slot] == subjects[first + row] { line[slot] = -.infinity }
                        }
                        if maskEmpty { for slot in 0..<slots where bank.owners[slot] == -1 { line[slot] = -.infinity } }
                        if let logits {
                            let target = logits + (first + row) * (slots + 1)
                            target[0] = positive
                            (target + 1).update(from: line, count: slots)
                        }
                        var largest = -Float.infinity
                        for slot in 0..<slots { largest = max(largest, line[slot]) }
                        correct[first + row] = positive >= largest
                        let reference = max(largest, positive)
                        var sum = Double(exp(positive - reference))
                        for slot in 0..<slots {
                            let e = exp(line[slot] - reference)
                            line[slot] = e
                            sum += Double(e)
                        }
                        losses[first + row] = Float(log(sum)) + reference - positive
                        let factor = scale / temperature / Float(sum)
                        for slot in 0..<slots { line[slot] *= factor }
                        let positiveFactor = (exp(positive - reference) / Float(sum) - 1) * scale / temperature
                        let gradient = queryGradient + (first + row) * width
                        for i in 0..<width { gradient[i] = positiveFactor * key[i] }
                    }
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(n), Int32(width), Int32(slots), 1, scores, Int32(slots), bank.keys,
                        Int32(width), 1, queryGradient + first * width, Int32(width))
                }
            }
        }
        return Result(losses: losses, correct: correct)
    }
}

/// Rows of unit length.
package enum UnitRows {
    /// q = z / |z| for each row; returns the lengths. Source: the release's `nn.functional.normalize`, whose ε is 10⁻¹².
    package static func normalise(_ rows: MutableFloats, count: Int, width: Int) -> [Float] {
        (0..<count).map { row in
            let values = rows + row * width
            var squares: Float = 0
            for i in 0..<width { squares += values[i] * values[i] }
            let norm = max(squares.squareRoot(), 1e-12)
            for i in 0..<width { values[i] /= norm }
            return norm
        }
    }

    /// ∂z = (∂q - q (q·∂q)) / |z|, in place of ∂q.
    package static func backward(unit: Floats, lengths: [Float], gradient: MutableFloats, width: Int) {
        for (row, norm) in lengths.enumerated() {
            let q = unit + row * width
            let g = gradient + row * width
            var product: Float = 0
            for i in 0..<width { product += q[i] * g[i] }
            for i in 0..<width { g[i] = (g[i] - q[i] * product) / norm }
        }
    }
}
