import Foundation
import Foundations
import SessionFormat
import Testing

struct TrainingSettingTests {
    /// Another value than the default, as text.
    private static func another(_ setting: TrainingSetting) -> String {
        let present = setting.value(in: TrainingSettings())
        if let numbers = setting.numbers {
            let other = Double(present) == numbers.upperBound ? numbers.lowerBound : numbers.upperBound
            return setting.isWhole ? String(Int(other)) : String(other)
        }
        switch setting.name {
        case "bankSize": return "7"
        case "probeColumn": return "gold"
        case "seed": return "18446744073709551615"
        default: return setting.range.components(separatedBy: " or ").first { $0 != present } ?? ""
        }
    }

    @Test("every property of the settings has a row, and every row a property")
    func rows() {
        let properties = Mirror(reflecting: TrainingSettings()).children.compactMap(\.label)
        #expect(properties.sorted() == TrainingSetting.all.map(\.name).sorted())
    }

    @Test("a setting is written and read back", arguments: TrainingSetting.all.map(\.name))
    func kept(name: String) throws {
        let setting = try #require(TrainingSetting.named(name))
        var settings = TrainingSettings()
        try setting.set(Self.another(setting), in: &settings)
        #expect(settings != TrainingSettings())
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: data) == settings)
        var fields = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        // A session of before the setting was there has its default; a value of another kind is refused.
        fields[name] = nil
        let older = try JSONDecoder().decode(TrainingSettings.self, from: JSONSerialization.data(withJSONObject: fields))
        #expect(older == TrainingSettings())
        fields[name] = ["x"]
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(TrainingSettings.self, from: JSONSerialization.data(withJSONObject: fields))
        }
    }

    @Test("what can be steered is what its row says, with the row's range")
    func steerable() throws {
        #expect(SteerableSetting.allCases.map(\.rawValue).sorted() == TrainingSetting.all.filter(\.isSteerable).map(\.name).sorted())
        for setting in SteerableSetting.allCases {
            #expect(throws: Failure.self) { try SteeringCommand(words: "\(setting.rawValue)=\(setting.range.upperBound + 1)") }
            #expect(
                try SteeringCommand(words: "\(setting.rawValue)=\(setting.range.upperBound)") == .set(setting, setting.range.upperBound))
        }
    }
}
