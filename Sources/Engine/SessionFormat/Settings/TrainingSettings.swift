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
    package init(from decoder: any Decoder) throws {
        self.init()
        let fields = try decoder.container(keyedBy: TrainingSetting.Key.self)
        for setting in TrainingSetting.all { try setting.decode(fields, &self) }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: TrainingSetting.Key.self)
        for setting in TrainingSetting.all { try setting.encode(self, &fields) }
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
