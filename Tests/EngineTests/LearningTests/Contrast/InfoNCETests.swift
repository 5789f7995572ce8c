import Foundation
import Foundations
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

@Suite("Contrastive loss")
struct InfoNCETests {
    /// Nineteen queries and keys, 23 slots; the owners of the slots are subjects 0…7, so that most queries find own keys to mask.
    private struct Case {
        let count = 19
        let slots = 23
        let queries, keys, bank: AlignedFloats
        let subjects: [Int32]
        let owners: [Int32]
        let temperature: Float = 0.2

        init() {
            var generator = SeededGenerator(name: "contrastive loss")
            func rows(_ count: Int) -> AlignedFloats {
                let values = AlignedFloats(count: count * 128)
                for i in 0..<values.count { values.pointer[i] = Float(generator.normal()) }
                _ = UnitRows.normalise(values.pointer, count: count, width: 128)
                return values
            }
            queries = rows(count)
            keys = rows(count)
            bank = rows(slots)
            subjects = (0..<19).map { Int32($0 % 11) }
            owners = (0..<23).map { Int32($0 % 9) - 1 }
        }

        func evaluate(mask: Bool, gradient: AlignedFloats) -> InfoNCE.Result {
            InfoNCE(temperature: temperature, maskOwnKeys: mask).evaluate(
                queries: Floats(queries.pointer), keys: Floats(keys.pointer), count: count, subjects: subjects,
                bank: MemoryBank.Slots(keys: Floats(bank.pointer), owners: owners, count: slots), scale: 1 / Float(count),
                queryGradient: gradient.pointer, parallel: Parallel(threads: 2))
        }

        /// -log softmax of the positive, term by term.
        func naive(_ row: Int, mask: Bool) -> (loss: Double, correct: Bool) {
            func product(_ a: AlignedFloats, _ i: Int, _ b: AlignedFloats, _ k: Int) -> Double {
                (0..<128).reduce(0) { $0 + Double(a.pointer[i * 128 + $1]) * Double(b.pointer[k * 128 + $1]) } / Double(temperature)
            }
            let positive = product(queries, row, keys, row)
            let negatives = (0..<slots).filter { !mask || owners[$0] != subjects[row] }.map { product(queries, row, bank, $0) }
            return (log(exp(positive) + negatives.reduce(0) { $0 + exp($1) }) - positive, positive >= (negatives.max() ?? -.infinity))
        }
    }

    @Test("losses and hits are those of the formula, own keys masked or kept", arguments: [true, false])
    func formula(mask: Bool) {
        let trial = Case()
        let result = trial.evaluate(mask: mask, gradient: AlignedFloats(count: trial.queries.count))
        for row in 0..<trial.count {
            let expected = trial.naive(row, mask: mask)
            #expect(abs(Double(result.losses[row]) - expected.loss) < 1e-5 && result.correct[row] == expected.correct, "row \(row)")
        }
        #expect(trial.naive(0, mask: true).loss != trial.naive(0, mask: false).loss)
    }

    @Test("the gradient of the queries is a central difference", arguments: [true, false])
    func gradient(mask: Bool) {
        let trial = Case()
        let gradient = AlignedFloats(count: trial.queries.count)
        _ = trial.evaluate(mask: mask, gradient: gradient)
        let unused = AlignedFloats(count: trial.queries.count)
        expectGradient(
            "queries, mask \(mask)", of: UnsafeMutableBufferPointer(start: trial.queries.pointer, count: trial.queries.count),
            is: gradient.array, places: 40
        ) {
            trial.evaluate(mask: mask, gradient: unused).losses.reduce(0) { $0 + Double($1) } / Double(trial.count)
        }
    }

    @Test("rows of unit length: by hand, and the gradient is a central difference")
    func unitRows() {
        let values = AlignedFloats(count: 16)
        values.pointer[0] = 3
        values.pointer[1] = -4
        #expect(UnitRows.normalise(values.pointer, count: 1, width: 2) == [5])
        #expect(values.pointer[0] == 0.6 && values.pointer[1] == -0.8)

        let (z, upstream) = (AlignedFloats(count: 3 * 16), AlignedFloats(count: 3 * 16))
        var generator = SeededGenerator(name: "unit rows")
        for i in 0..<z.count {
            z.pointer[i] = Float(generator.uniform(-1, 1))
            upstream.pointer[i] = Float(generator.uniform(-1, 1))
        }
        func unit() -> (rows: AlignedFloats, lengths: [Float]) {
            let rows = AlignedFloats(count: z.count)
            rows.copy(from: z)
            return (rows, UnitRows.normalise(rows.pointer, count: 3, width: 16))
        }
        let (rows, lengths) = unit()
        let gradient = AlignedFloats(count: z.count)
        gradient.copy(from: upstream)
        UnitRows.backward(unit: Floats(rows.pointer), lengths: lengths, gradient: gradient.pointer, width: 16)
        expectGradient("rows", of: UnsafeMutableBufferPointer(start: z.pointer, count: z.count), is: gradient.array, places: 48) {
            let rows = unit().rows
            return (0..<z.count).reduce(0) { $0 + Double(upstream.pointer[$1]) * Double(rows.pointer[$1]) }
        }
    }
}
