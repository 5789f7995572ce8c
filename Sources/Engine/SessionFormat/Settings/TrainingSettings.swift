import Foundation
import Foundations
import Network

/// Everything that a pre-training run may choose, with docs/method.md's defaults. A session keeps it in `session.json`.
package struct TrainingSettings: Codable, Equatable, Sendable {
    /// Whose keys a query is not contrasted with.
    package enum OwnKeys: String, Codable, CaseIterable, Sendable {
        /// Slots of the query's own subject are masked.
        case mask
        /// All slots count (release).
        case keep
    }

    /// Whether the other keys of the batch are negatives, too.
    package enum BatchKeys: String, Codable, CaseIterable, Sendable {
        /// Keys enter the bank after the loss (release).
        case exclude
        /// Keys enter the bank before the loss. With few steps a landmark the bank's keys are an epoch old; a query can then be told from them by
        /// the age of the network alone, and all subjects fall onto one point.
        case include
    }

    /// What an unfilled bank holds.
    package enum BankStart: String, Codable, CaseIterable, Sendable {
        /// Random unit vectors (release). Until real keys replace them, embeddings that are all alike solve the task.
        case random
        /// Nothing: slots without a key are no negatives.
        case empty
    }

    /// Which keys a query is contrasted with.
    package enum BankScope: String, Codable, CaseIterable, Sendable {
        /// Those of its own landmark.
        case landmark
        /// Those of all landmarks together: the global comparator without anatomy.
        case all
    }

    /// How the memory bank keeps its keys.
    package enum BankPrecision: String, Codable, CaseIterable, Sendable {
        /// Float32.
        case single
        /// IEEE half: half the memory, each key's components rounded to 11 bits.
        case half

        /// Bytes of a component.
        package var bytes: Int { self == .single ? 4 : 2 }
    }

    /// Batch norm's statistics for inference.
    package enum NormCalibration: String, Codable, CaseIterable, Sendable {
        /// Pooled over patches of all landmarks.
        case all
        /// Those of the landmarks around a location: what training does, whose batches share their landmark.
        case landmark
        /// The running ones of the checkpoint, which reflect the last landmarks visited (release).
        case last
    }

    /// Subjects in a step.
    package var batch = 128
    package var epochs = 20
    package var learningRate = 0.01
    package var sgdMomentum = 0.9
    package var weightDecay = 1e-4
    /// m of the key encoder.
    package var momentum = 0.999
    package var temperature = 0.2
    /// Keys kept for each landmark; 0 is `auto`: 4096, or 4 × subjects where that is less.
    package var bankSize = 0
    package var bankPrecision = BankPrecision.single
    package var neighbours = 2
    package var experts = 8
    package var beta = 1.0
    /// Epochs without the neighbour term.
    package var warmUp = 0
    /// Subjects in a batch-norm group.
    package var bnGroup = 32
    package var initialisation = WeightInitialisation.release
    /// Strength of the augmentation: multiplies the affine map's ranges and the probabilities of noise and contrast. 1 is the paper's.
    package var augmentation = 1.0
    /// Probability of a view's contrast change, before `augmentation` multiplies it. A change of contrast moves air and tissue apart: where HU
    /// themselves tell patients apart, it takes away what is to be learned. 0.25 is the paper's.
    package var contrastProbability = 0.25
    package var ownKeys = OwnKeys.mask
    package var batchKeys = BatchKeys.exclude
    package var bankStart = BankStart.random
    package var bankScope = BankScope.landmark
    package var bnCalibration = NormCalibration.all
    package var conditioning = Conditioning.locCondConv
    /// Steps between checkpoints.
    package var checkpointEvery = 200
    /// Newest checkpoints that are kept.
    package var keepCheckpoints = 3
    /// Steps between probes: readings of a label out of the frozen encoder; 0 for none.
    package var probeEvery = 0
    /// The cohort's label column that a probe reads.
    package var probeColumn = ""
    package var seed: UInt64 = 1

    package init() {}

    /// Reads settings; one that a session of an earlier version does not have keeps its default.
    package init(from decoder: Decoder) throws {
        self.init()
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ path: WritableKeyPath<TrainingSettings, Value>) throws {
            if let value = try fields.decodeIfPresent(Value.self, forKey: key) { self[keyPath: path] = value }
        }
        try read(.batch, \.batch)
        try read(.epochs, \.epochs)
        try read(.learningRate, \.learningRate)
        try read(.sgdMomentum, \.sgdMomentum)
        try read(.weightDecay, \.weightDecay)
        try read(.momentum, \.momentum)
        try read(.temperature, \.temperature)
        try read(.bankSize, \.bankSize)
        try read(.bankPrecision, \.bankPrecision)
        try read(.neighbours, \.neighbours)
        try read(.experts, \.experts)
        try read(.beta, \.beta)
        try read(.warmUp, \.warmUp)
        try read(.bnGroup, \.bnGroup)
        try read(.initialisation, \.initialisation)
        try read(.augmentation, \.augmentation)
        try read(.contrastProbability, \.contrastProbability)
        try read(.ownKeys, \.ownKeys)
        try read(.batchKeys, \.batchKeys)
        try read(.bankStart, \.bankStart)
        try read(.bankScope, \.bankScope)
        try read(.bnCalibration, \.bnCalibration)
        try read(.conditioning, \.conditioning)
        try read(.checkpointEvery, \.checkpointEvery)
        try read(.keepCheckpoints, \.keepCheckpoints)
        try read(.probeEvery, \.probeEvery)
        try read(.probeColumn, \.probeColumn)
        try read(.seed, \.seed)
    }

    /// The network that these settings ask for; plain convolutions have one kernel each.
    package var architecture: EncoderArchitecture {
        EncoderArchitecture(experts: conditioning.mixesKernels ? experts : 1, conditioning: conditioning)
    }

    /// Rows of the bank.
    package func bankRows(landmarks: Int) -> Int { bankScope == .all ? 1 : landmarks }

    /// Keys kept for each landmark, `auto` resolved.
    package func bankKeys(subjects: Int) -> Int { bankSize > 0 ? bankSize : min(4096, 4 * subjects) }
}

/// One setting as a form, `--set` and the help list show it.
package struct TrainingSetting: Sendable {
    package let name: String
    /// What it is, in a sentence.
    package let help: String
    private let read: @Sendable (TrainingSettings) -> String
    private let write: @Sendable (inout TrainingSettings, String) -> Bool
    /// Values that are allowed, as text.
    package let range: String

    /// The value as text.
    package func value(in settings: TrainingSettings) -> String { read(settings) }

    /// Sets the value from text.
    /// - Throws: `Failure` naming the setting and what it takes.
    package func set(_ text: String, in settings: inout TrainingSettings) throws {
        guard write(&settings, text) else { throw Failure("\(name)=\(text) cannot be used; \(name) takes \(range)") }
    }

    /// All settings, in the order of a form.
    package static let all: [TrainingSetting] = [
        whole("batch", \.batch, 1...4096, "subjects in a step"),
        whole("epochs", \.epochs, 1...100_000, "sweeps over all landmarks"),
        number("learningRate", \.learningRate, 0...10, "base learning rate; the cosine schedule multiplies it"),
        number("sgdMomentum", \.sgdMomentum, 0...1, "momentum of the optimiser"),
        number("weightDecay", \.weightDecay, 0...1, "weight decay on every parameter"),
        number("momentum", \.momentum, 0...1, "m of the key encoder: key = m·key + (1-m)·query"),
        number("temperature", \.temperature, 0.001...10, "temperature T of both losses"),
        automatic("bankSize", \.bankSize, 1...1_048_576, "past keys kept for each landmark"),
        choice("bankPrecision", \.bankPrecision, "how the bank keeps its keys; half takes half the memory"),
        whole("neighbours", \.neighbours, 0...3, "neighbouring landmarks in the neighbour loss"),
        whole("experts", \.experts, 1...64, "kernels that each convolution mixes"),
        number("beta", \.beta, 0...100, "weight of the neighbour loss"),
        whole("warmUp", \.warmUp, 0...100_000, "epochs without the neighbour loss"),
        whole("bnGroup", \.bnGroup, 1...4096, "subjects in a batch-norm group"),
        choice("initialisation", \.initialisation, "how fresh weights are drawn"),
        number("augmentation", \.augmentation, 0...1, "strength of the augmentation; 1 is the paper's"),
        number("contrastProbability", \.contrastProbability, 0...1, "how often a view's contrast is changed, times augmentation"),
        choice("ownKeys", \.ownKeys, "whether bank slots of the query's own subject are masked"),
        choice(
            "batchKeys", \.batchKeys, "whether the batch's other keys are negatives too; include where a landmark has few steps an epoch"),
        choice("bankStart", \.bankStart, "what an unfilled bank holds; empty where few steps fill it"),
        choice("bankScope", \.bankScope, "which past keys are negatives: those of the landmark, or of all"),
        choice("bnCalibration", \.bnCalibration, "batch norm's statistics for inference: pooled, by landmark, or the last of training"),
        choice("conditioning", \.conditioning, "how the network knows the location"),
        whole("checkpointEvery", \.checkpointEvery, 1...1_000_000, "steps between checkpoints"),
        whole("keepCheckpoints", \.keepCheckpoints, 1...1000, "newest checkpoints that are kept"),
        whole("probeEvery", \.probeEvery, 0...1_000_000, "steps between readings of probeColumn out of the frozen encoder; 0 for none"),
        TrainingSetting(
            name: "probeColumn", help: "the label column that a probe reads on held-out subjects", read: { $0.probeColumn },
            write: { settings, text in
                settings.probeColumn = text
                return true
            }, range: "a label column of the cohort, or nothing"),
        TrainingSetting(
            name: "seed", help: "seed of every random number of the run", read: { String($0.seed) },
            write: { settings, text in
                guard let value = UInt64(text) else { return false }
                settings.seed = value
                return true
            }, range: "a whole number from 0"),
    ]

    /// Refuses settings of which one lies outside what it takes.
    package static func check(_ settings: TrainingSettings) throws {
        var copy = settings
        for setting in all { try setting.set(setting.value(in: settings), in: &copy) }
    }

    /// Applies `name=value` words.
    package static func apply(_ words: [String], to settings: inout TrainingSettings) throws {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let setting = all.first(where: { $0.name == parts[0] }) else {
                throw Failure("\"\(word)\" is no setting; expected name=value with one of \(all.map(\.name).joined(separator: ", "))")
            }
            try setting.set(parts[1], in: &settings)
        }
    }

    private typealias Path<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

    private static func whole(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ help: String) -> TrainingSetting {
        TrainingSetting(
            name: name, help: help, read: { String($0[keyPath: path]) },
            write: { settings, text in
                guard let value = Int(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            }, range: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func automatic(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ help: String) -> TrainingSetting {
        TrainingSetting(
            name: name, help: help, read: { $0[keyPath: path] == 0 ? "auto" : String($0[keyPath: path]) },
            write: { settings, text in
                if text == "auto" {
                    settings[keyPath: path] = 0
                    return true
                }
                guard let value = Int(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            }, range: "auto or a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func number(_ name: String, _ path: Path<Double>, _ range: ClosedRange<Double>, _ help: String) -> TrainingSetting {
        TrainingSetting(
            name: name, help: help, read: { String($0[keyPath: path]) },
            write: { settings, text in
                guard let value = Double(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            }, range: "a number from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ path: Path<Value>, _ help: String
    ) -> TrainingSetting where Value.RawValue == String {
        TrainingSetting(
            name: name, help: help, read: { $0[keyPath: path].rawValue },
            write: { settings, text in
                guard let value = Value(rawValue: text) else { return false }
                settings[keyPath: path] = value
                return true
            }, range: Value.allCases.map(\.rawValue).joined(separator: " or "))
    }
}
