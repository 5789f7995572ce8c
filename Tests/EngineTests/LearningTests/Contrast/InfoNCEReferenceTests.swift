import Foundations
import KernelInterface
import Learning
import Network
import TestSupport
import Testing

/// The logits that the authors' code had in six steps of pre-training, 8 queries against 64 keys of the bank, and the losses that it made of them.
@Suite("Contrastive loss equals PyTorch", .enabled(if: SharedData.hasFixtures("losses.safetensors")))
struct InfoNCEReferenceTests {
    private static let steps = 6
    private static let queries = 8
    private static let slots = 64
    private static let temperature: Float = 0.2

    /// Query i is the unit vector of axis i, so that component i of a key over the temperature is its logit.
    private static func evaluate(_ logits: [Double]) -> InfoNCE.Result {
        let (query, keys, bank) = (
            AlignedFloats(count: queries * 128), AlignedFloats(count: queries * 128), AlignedFloats(count: slots * 128)
        )
        let gradient = AlignedFloats(count: queries * 128)
        for row in 0..<queries {
            let line = logits[row * (1 + slots)..<(row + 1) * (1 + slots)]
            query.pointer[row * 128 + row] = 1
            for (place, logit) in line.enumerated() {
                let value = Float(logit * Double(temperature))
                if place == 0 { keys.pointer[row * 128 + row] = value } else { bank.pointer[(place - 1) * 128 + row] = value }
            }
        }
        return withExtendedLifetime((query, keys, bank, gradient)) {
            InfoNCE(temperature: temperature, maskOwnKeys: false).evaluate(
                queries: Floats(query.pointer), keys: Floats(keys.pointer), count: queries, subjects: (0..<8).map { Int32($0) },
                bank: MemoryBank.Slots(keys: Floats(bank.pointer), owners: [Int32](repeating: -1, count: slots), count: slots),
                scale: 1 / Float(queries), queryGradient: gradient.pointer, parallel: Parallel(threads: 1))
        }
    }

    @Test(
        "mean losses and accuracies of six steps, patches (pch) and neighbours (ngb)", arguments: ["golden", "authors"], ["pch", "ngb"])
    func losses(run: String, kind: String) throws {
        let file = try Safetensors(contentsOf: SharedData.fixture("losses.safetensors"))
        let count = Self.queries * (1 + Self.slots)
        for precision in ["", "_f64"] {
            let name = "\(run).logits_\(kind)\(precision)"
            let logits = precision.isEmpty ? try file.floats(name).map { Double($0) } : try file.doubles(name)
            let expected = try file.doubles("\(run).loss_\(kind)\(precision)")
            let accuracies = try file.floats("\(run).acc1_\(kind)")
            #expect(logits.count == Self.steps * count && expected.count == Self.steps)
            for step in 0..<Self.steps {
                let result = Self.evaluate(Array(logits[step * count..<(step + 1) * count]))
                let loss = result.losses.reduce(0) { $0 + Double($1) } / Double(Self.queries)
                // Logits below 16 have 2⁻²¹ of rounding, made three times on either side.
                #expect(abs(loss - expected[step]) < 3e-6, "step \(step + 1)\(precision): \(loss), expected \(expected[step])")
                // The accuracies are of the run in single precision.
                if precision.isEmpty {
                    let hits = result.correct.count { $0 }
                    #expect(100 * Float(hits) / Float(Self.queries) == accuracies[step], "step \(step + 1)")
                }
            }
        }
    }
}
