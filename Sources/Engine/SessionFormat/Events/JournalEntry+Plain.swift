import Foundation
import Foundations

/// A training step as the journal writes it is a flat object of numbers: scanned, a million of them are read in seconds.
extension JournalEntry: PlainLine {
    private static let names: [StaticString] = [
        "acc1", "acc1_neighbour", "bank_fill", "data_wait_s", "embedding_sd", "gradient_norm", "landmark", "local", "loss", "lr",
        "memory_mb", "neighbour", "samples_per_s", "step", "t",
    ]
    /// The one that a step may lack.
    private static let memory = 10
    private static let kind: StaticString = "kind"
    private static let stepKind: StaticString = "\"step\""

    package init?(plain bytes: UnsafeRawBufferPointer) {
        let text = bytes.bindMemory(to: CChar.self)
        guard let base = text.baseAddress, text.count > 2, text[0] == Self.open, text[text.count - 1] == Self.close else { return nil }
        let numbers: [Double]? = withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.names.count) { found in
            Self.scan(base, count: text.count, into: found) ? Array(found) : nil
        }
        guard let n = numbers, let landmark = Int(exactly: n[6]), let step = Int(exactly: n[13]) else { return nil }
        self.init(
            t: n[14], step: step,
            event: .step(
                StepMetrics(
                    loss: n[8], local: n[7], neighbour: n[11], acc1: n[0], acc1_neighbour: n[1], landmark: landmark, lr: n[9],
                    samples_per_s: n[12], gradient_norm: n[5], bank_fill: n[2], data_wait_s: n[3], embedding_sd: n[4],
                    memory_mb: n[Self.memory].isNaN ? nil : n[Self.memory])))
        self = limited()
    }

    private static let open = CChar(UInt8(ascii: "{"))
    private static let close = CChar(UInt8(ascii: "}"))
    private static let quote = CChar(UInt8(ascii: "\""))
    private static let colon = CChar(UInt8(ascii: ":"))
    private static let comma = CChar(UInt8(ascii: ","))

    /// Reads `{"name":number,…,"kind":"step",…}` with every name of the list once, memory at most once (else it stays NaN); false where it is
    /// anything else.
    private static func scan(_ base: UnsafePointer<CChar>, count: Int, into found: UnsafeMutableBufferPointer<Double>) -> Bool {
        found.initialize(repeating: .nan)
        var seen = 0
        var isStep = false
        var expected = 0
        var at = 1
        while at < count - 1 {
            guard base[at] == quote, let end = memchr(base + at + 1, Int32(quote), count - at - 1) else { return false }
            let name = base + at + 1
            let length = UnsafeRawPointer(end) - UnsafeRawPointer(name)
            at += length + 2
            guard at < count - 1, base[at] == colon else { return false }
            at += 1
            if matches(kind, name, length) {
                guard count - at > stepKind.utf8CodeUnitCount, memcmp(base + at, stepKind.utf8Start, stepKind.utf8CodeUnitCount) == 0 else {
                    return false
                }
                isStep = true
                at += stepKind.utf8CodeUnitCount
            } else {
                // The writer sorts the names, so that the expected one is most often the right one.
                if expected >= names.count || !matches(names[expected], name, length) {
                    guard let index = names.firstIndex(where: { matches($0, name, length) }) else { return false }
                    expected = index
                }
                var stop: UnsafeMutablePointer<CChar>?
                // In a locale with a decimal comma it stops at the point, and the general decoder takes over.
                found[expected] = strtod(base + at, &stop)
                let end = UnsafeRawPointer(stop!) - UnsafeRawPointer(base)
                guard end > at, found[expected].isFinite else { return false }
                seen |= 1 << expected
                at = end
                expected += 1
            }
            guard at < count, base[at] == comma || at == count - 1 else { return false }
            at += 1
        }
        return isStep && seen | 1 << memory == (1 << names.count) - 1
    }

    private static func matches(_ wanted: StaticString, _ name: UnsafePointer<CChar>, _ length: Int) -> Bool {
        length == wanted.utf8CodeUnitCount && memcmp(name, wanted.utf8Start, length) == 0
    }
}
