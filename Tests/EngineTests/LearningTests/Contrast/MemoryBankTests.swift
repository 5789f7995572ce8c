import Foundation
import Foundations
import KernelInterface
import Learning
import SessionFormat
import TestSupport
import Testing

@Suite("Memory bank")
struct MemoryBankTests {
    @Test("every half converts to the float of its value and back")
    func everyHalf() {
        for bits in UInt16.min...UInt16.max {
            let value = HalfPrecision.float(bits)
            if value.isNaN {
                #expect(HalfPrecision.bits(value) & 0x7E00 == 0x7E00)
            } else if HalfPrecision.bits(value) != bits {
                Issue.record("0x\(String(bits, radix: 16)) became 0x\(String(HalfPrecision.bits(value), radix: 16))")
            }
        }
        #expect(HalfPrecision.float(0x3C00) == 1 && HalfPrecision.float(0xC000) == -2 && HalfPrecision.float(1) == 0x1p-24)
    }

    @Test("floats round to the nearest half, ties to even")
    func rounding() {
        // Between neighbouring halves a and b: below the middle a, above it b, in the middle the even one.
        for bits in stride(from: UInt16(0), to: 0x7BFF, by: 7) {
            let (low, high) = (HalfPrecision.float(bits), HalfPrecision.float(bits + 1))
            let middle = (low + high) / 2
            #expect(HalfPrecision.bits(middle.nextDown) == bits)
            #expect(HalfPrecision.bits(middle.nextUp) == bits + 1)
            #expect(HalfPrecision.bits(middle) == (bits % 2 == 0 ? bits : bits + 1))
            #expect(HalfPrecision.bits(-middle.nextDown) == bits | 0x8000)
        }
        #expect(HalfPrecision.bits(65_519) == 0x7BFF && HalfPrecision.bits(65_520) == 0x7C00 && HalfPrecision.bits(-.infinity) == 0xFC00)
    }

    @Test("a half bank holds the rounded keys of a single one, with the same owners and pointers")
    func halfHoldsRoundedKeys() {
        let single = MemoryBank(landmarks: 3, size: 10, seed: 4)
        let half = MemoryBank(landmarks: 3, size: 10, seed: 4, precision: .half)
        var generator = SeededGenerator(9)
        for landmark in [2, 0, 2] {
            let keys = (0..<7 * 128).map { _ in Float(generator.normal()) / 11 }
            for bank in [single, half] {
                keys.withUnsafeBufferPointer { bank.enqueue(landmark, keys: $0.baseAddress!, subjects: Array(0..<7)) }
            }
        }
        for landmark in 0..<3 {
            let (a, b) = (single.slots(landmark), half.slots(landmark))
            #expect(a.owners == b.owners && single.next(landmark) == half.next(landmark) && single.fill(landmark) == half.fill(landmark))
            #expect((0..<1280).allSatisfy { b.keys[$0] == HalfPrecision.float(HalfPrecision.bits(a.keys[$0])) })
            #expect((0..<1280).contains { b.keys[$0] != a.keys[$0] })
        }
    }

    @Test("landmarks that are not used cost no memory", arguments: TrainingSettings.BankPrecision.allCases)
    func untouchedLandmarks(precision: TrainingSettings.BankPrecision) {
        // 42 GB in single precision; one landmark of 2 MB is touched.
        let bank = MemoryBank(landmarks: 20_000, size: 4096, seed: 1, precision: precision)
        let slots = bank.slots(19_999)
        let norm = (0..<128).reduce(Float(0)) { $0 + slots.keys[4095 * 128 + $1] * slots.keys[4095 * 128 + $1] }
        #expect(abs(norm - 1) < 1e-3 && bank.fill(0) == 0)
    }

    @Test(
        "the loss with a half bank, on the trajectory's data",
        .enabled(if: SharedData.hasFixtures("trajectory_golden.safetensors", "trajectory_data.safetensors")))
    func lossChange() throws {
        let single = try Trajectory(style: "golden")
        let half = try Trajectory(style: "golden", bankPrecision: .half)
        var changes: [Double] = []
        for index in 0..<Trajectory.steps {
            let (a, b) = (try single.run(index), try half.run(index))
            changes.append(max(abs(a.local - b.local), abs(a.neighbour - b.neighbour)))
        }
        // The first step sees the rounding of the keys alone: components move by 2⁻¹¹ relatively at most, logits q·n/T by 2⁻¹¹/T = 0.0024 in
        // the worst case, and far less where roundings cancel. Later steps also see the weights part.
        #expect(changes[0] > 0 && changes[0] < 2e-5, "\(changes)")
        #expect(changes.allSatisfy { $0 < 1e-3 }, "\(changes)")
    }

    @Test("a session of a version without the setting reads, and every setting survives")
    func settings() throws {
        var settings = TrainingSettings()
        settings.bankPrecision = .half
        settings.seed = .max
        for (name, value) in [
            ("batch", "7"), ("ownKeys", "keep"), ("beta", "0.25"), ("keepCheckpoints", "9"), ("warmUp", "3"), ("experts", "2"),
        ] {
            try TrainingSetting.apply(["\(name)=\(value)"], to: &settings)
        }
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: data) == settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: Data("{\"batch\":5}".utf8)).bankPrecision == .single)
    }
}
