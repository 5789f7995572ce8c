import Foundation
import Network
import TestSupport
import Testing

@Suite("Learning rate schedule", .enabled(if: SharedData.hasFixtures("lr_schedule.json")))
struct LearningRateScheduleTests {
    @Test("every epoch's rate is the authors'")
    func rates() throws {
        let data = try Data(contentsOf: SharedData.fixture("lr_schedule.json"))
        let runs = try JSONDecoder().decode([String: [String: Double]].self, from: data)
        #expect(Set(runs.keys) == ["1", "5", "20"])
        for (epochs, rates) in runs {
            let schedule = LearningRateSchedule(base: 0.01, epochs: try #require(Int(epochs)))
            #expect(rates.count == schedule.epochs)
            for (epoch, expected) in rates {
                // Two roundings of numbers near 0.01, and two libraries' cosines.
                #expect(abs(schedule.rate(epoch: try #require(Int(epoch))) - expected) < 1e-17, "epoch \(epoch) of \(epochs)")
            }
        }
    }
}
