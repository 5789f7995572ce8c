import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Phantom against real patches")
struct PhantomComparisonTests {
    /// 20 HU of normal lung's mean, and the share of pixels below -950 HU within 12 points: the spread between real scanners is larger.
    @Test(
        "HU are like the real ones, class by class", .enabled(if: SharedData.hasCT, "no real patches"))
    func comparison() throws {
        let comparison = try PhantomComparison(
            real: SharedData.ct("cip_emphysema_patches_2d.safetensors"), phantom: ThoraxPhantom(size: .compact, seed: 7), subjects: 10,
            parallel: .allProcessors)
        #expect(comparison.rows.map(\.real.patches) == [185, 92, 74, 85, 143, 89])
        for row in comparison.rows {
            guard let phantom = row.phantom else {
                #expect(row.name == "panlobular")
                continue
            }
            #expect(phantom.patches >= 40, "\(row.name)")
            #expect(abs(phantom.mean - row.real.mean) < 70, "\(row.name)")
            #expect(abs(phantom.below950 - row.real.below950) < 0.12, "\(row.name)")
            #expect(abs(phantom.histogram.reduce(0, +) - 1) < 1e-9)
        }
        #expect(abs(comparison.rows[0].real.mean - (comparison.rows[0].phantom?.mean ?? 0)) < 20)
    }

    @Test("a file without labels is refused")
    func refusal() {
        #expect(throws: Failure.self) {
            try PhantomComparison(
                real: URL(fileURLWithPath: "/nonexistent.safetensors"), phantom: ThoraxPhantom(size: .compact, seed: 1), subjects: 1,
                parallel: Parallel(threads: 1))
        }
    }
}
