import Foundations

/// One setting: its name, what it takes, and where it may be changed. Files, forms, `--set`, steering, forks and the help derive from these rows, so
/// that a setting is added in two places: as a property of `TrainingSettings`, and as a row of `all`.
package struct TrainingSetting: Sendable {
    /// Where a setting may be changed, besides at the start of a run.
    package enum Change: Sendable {
        /// While the run goes on.
        case steered
        /// In a fork that begins at a checkpoint: its tensors and its steps stay as they are.
        case forked
    }

    /// Its name in files.
    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package let name: String
    /// What it is, in a sentence.
    package let help: String
    /// Values that are allowed, as text.
    package let range: String
    /// The numbers that it takes; nil where it takes words.
    package let numbers: ClosedRange<Double>?
    /// Whether it takes whole numbers only.
    package let isWhole: Bool
    private let changes: [Change]
    private let read: @Sendable (TrainingSettings) -> String
    private let write: @Sendable (inout TrainingSettings, String) -> Bool
    let decode: @Sendable (KeyedDecodingContainer<Key>, inout TrainingSettings) throws -> Void
    let encode: @Sendable (TrainingSettings, inout KeyedEncodingContainer<Key>) throws -> Void

    /// Whether it may change while a run goes on.
    package var isSteerable: Bool { changes.contains(.steered) }
    /// Whether a fork that changes it can go on from a checkpoint.
    package var isForkable: Bool { changes.contains(.forked) }

    /// The value as text.
    package func value(in settings: TrainingSettings) -> String { read(settings) }

    /// Sets the value from text.
    /// - Throws: `Failure` naming the setting and what it takes.
    package func set(_ text: String, in settings: inout TrainingSettings) throws {
        guard write(&settings, text) else { throw Failure("\(name)=\(text) cannot be used; \(name) takes \(range)") }
    }

    /// All settings, in the order of a form.
    package static let all: [TrainingSetting] = [
        whole("batch", \.batch, 1...4096, "subjects in a step", .steered),
        whole("epochs", \.epochs, 1...100_000, "sweeps over all landmarks", .forked),
        number("learningRate", \.learningRate, 0...10, "base learning rate; the cosine schedule multiplies it", .steered, .forked),
        number("sgdMomentum", \.sgdMomentum, 0...1, "momentum of the optimiser", .forked),
        number("weightDecay", \.weightDecay, 0...1, "weight decay on every parameter", .forked),
        number("momentum", \.momentum, 0...1, "m of the key encoder: key = m·key + (1-m)·query", .steered, .forked),
        number("temperature", \.temperature, 0.001...10, "temperature T of both contrastive losses", .steered, .forked),
        automatic("bankSize", \.bankSize, 1...1_048_576, "past keys kept for each landmark"),
        choice("bankPrecision", \.bankPrecision, "how the bank keeps its keys; half takes half the memory"),
        whole("neighbours", \.neighbours, 0...3, "neighbouring landmarks in the neighbour loss", .steered, .forked),
        whole("experts", \.experts, 1...64, "kernels that each convolution mixes"),
        number("beta", \.beta, 0...100, "weight of the neighbour loss", .steered, .forked),
        whole("warmUp", \.warmUp, 0...100_000, "epochs without the neighbour loss", .forked),
        whole("bnGroup", \.bnGroup, 1...4096, "subjects in a batch-norm group", .forked),
        choice("initialisation", \.initialisation, "how fresh weights are drawn"),
        number("augmentation", \.augmentation, 0...1, "strength of the augmentation; 1 is the paper's"),
        number("contrastProbability", \.contrastProbability, 0...1, "how often a view's contrast is changed, times augmentation"),
        choice("ownKeys", \.ownKeys, "whether bank slots of the query's own subject are masked", .forked),
        choice(
            "batchKeys", \.batchKeys, "whether the batch's other keys are negatives too; include where a landmark has few steps an epoch"),
        choice("bankStart", \.bankStart, "what an unfilled bank holds; empty where few steps fill it"),
        choice("bankScope", \.bankScope, "which past keys are negatives: those of the landmark, or of all"),
        choice("bnCalibration", \.bnCalibration, "batch norm's statistics for inference: pooled, by landmark, or the last of training"),
        choice("conditioning", \.conditioning, "how the network knows the location"),
        whole("checkpointEvery", \.checkpointEvery, 1...1_000_000, "steps between checkpoints", .forked),
        whole("keepCheckpoints", \.keepCheckpoints, 1...1000, "newest checkpoints that are kept", .forked),
        whole(
            "probeEvery", \.probeEvery, 0...1_000_000, "steps between readings of probeColumn out of the frozen encoder; 0 for none",
            .forked),
        row(
            "probeColumn", \.probeColumn, "the label column that a probe reads on held-out subjects", .forked,
            range: "a label column of the cohort, or nothing", text: { $0 }, value: { $0 }),
        row(
            "seed", \.seed, "seed of every random number of the run", range: "a whole number from 0", text: { String($0) },
            value: { UInt64($0) }),
    ]

    /// The row of a name; nil where there is none.
    package static func named(_ name: String) -> TrainingSetting? { all.first { $0.name == name } }

    /// Refuses settings of which one lies outside what it takes.
    package static func check(_ settings: TrainingSettings) throws {
        var copy = settings
        for setting in all { try setting.set(setting.value(in: settings), in: &copy) }
    }

    /// Applies `name=value` words.
    package static func apply(_ words: [String], to settings: inout TrainingSettings) throws {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let setting = named(parts[0]) else {
                throw Failure("\"\(word)\" is no setting; expected name=value with one of \(all.map(\.name).joined(separator: ", "))")
            }
            try setting.set(parts[1], in: &settings)
        }
    }

    // MARK: kinds of rows

    private typealias Path<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

    /// - Parameter value: from text; nil where the text is no value of the setting.
    private static func row<Value: Codable & Sendable>(
        _ name: String, _ path: Path<Value>, _ help: String, _ changes: Change..., range: String, numbers: ClosedRange<Double>? = nil,
        isWhole: Bool = false, text: @escaping @Sendable (Value) -> String, value: @escaping @Sendable (String) -> Value?
    ) -> TrainingSetting {
        row(name, path, help, changes, range: range, numbers: numbers, isWhole: isWhole, text: text, value: value)
    }

    private static func row<Value: Codable & Sendable>(
        _ name: String, _ path: Path<Value>, _ help: String, _ changes: [Change], range: String, numbers: ClosedRange<Double>? = nil,
        isWhole: Bool = false, text: @escaping @Sendable (Value) -> String, value: @escaping @Sendable (String) -> Value?
    ) -> TrainingSetting {
        TrainingSetting(
            name: name, help: help, range: range, numbers: numbers, isWhole: isWhole, changes: changes,
            read: { text($0[keyPath: path]) },
            write: { settings, words in
                guard let found = value(words) else { return false }
                settings[keyPath: path] = found
                return true
            },
            decode: { fields, settings in
                if let found = try fields.decodeIfPresent(Value.self, forKey: Key(name)) { settings[keyPath: path] = found }
            },
            encode: { settings, fields in try fields.encode(settings[keyPath: path], forKey: Key(name)) })
    }

    private static func whole(
        _ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ help: String, _ changes: Change...
    ) -> TrainingSetting {
        row(
            name, path, help, changes, range: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            numbers: Double(range.lowerBound)...Double(range.upperBound), isWhole: true, text: { String($0) },
            value: { Int($0).flatMap { range.contains($0) ? $0 : nil } })
    }

    /// A whole number, or 0 for `auto`.
    private static func automatic(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ help: String) -> TrainingSetting {
        row(
            name, path, help, range: "auto or a whole number from \(range.lowerBound) to \(range.upperBound)",
            text: { $0 == 0 ? "auto" : String($0) },
            value: { $0 == "auto" ? 0 : Int($0).flatMap { range.contains($0) ? $0 : nil } })
    }

    private static func number(
        _ name: String, _ path: Path<Double>, _ range: ClosedRange<Double>, _ help: String, _ changes: Change...
    ) -> TrainingSetting {
        row(
            name, path, help, changes, range: "a number from \(range.lowerBound) to \(range.upperBound)", numbers: range,
            text: { String($0) }, value: { Double($0).flatMap { range.contains($0) ? $0 : nil } })
    }

    private static func choice<Value: RawRepresentable & CaseIterable & Codable & Sendable>(
        _ name: String, _ path: Path<Value>, _ help: String, _ changes: Change...
    ) -> TrainingSetting where Value.RawValue == String {
        row(
            name, path, help, changes, range: Value.allCases.map(\.rawValue).joined(separator: " or "), text: { $0.rawValue },
            value: { Value(rawValue: $0) })
    }
}
