import SessionFormat

/// An encoder that an experiment needs: the method, its ablations and comparators.
package enum EncoderVariant: String, Codable, CaseIterable, Sendable {
    case drasclr, random, randomRelease = "random-release", globalMoCo = "global-moco"
    case unconditioned, concatenation, hypernetwork
    case neighbours0, neighbours1, neighbours3
    case diseasedAtlas = "diseased-atlas", ownKeysKept = "own-keys-kept"

    /// What tables call it.
    package var title: String {
        switch self {
        case .drasclr: "DrasCLR"
        case .random: "no pre-training"
        case .randomRelease: "no pre-training, release's weights"
        case .globalMoCo: "global MoCo"
        case .unconditioned: "no conditioning"
        case .concatenation: "concatenation"
        case .hypernetwork: "hypernetwork"
        case .neighbours0: "0 neighbours"
        case .neighbours1: "1 neighbour"
        case .neighbours3: "3 neighbours"
        case .diseasedAtlas: "diseased atlas"
        case .ownKeysKept: "own keys in the bank"
        }
    }

    /// Random weights: nothing is trained.
    package var isUntrained: Bool { self == .random || self == .randomRelease }

    /// The method's settings with what this variant changes.
    package func settings(_ base: TrainingSettings) -> TrainingSettings {
        var settings = base
        switch self {
        case .drasclr, .random, .diseasedAtlas: break
        case .randomRelease: settings.initialisation = .release
        case .globalMoCo:
            settings.conditioning = .none
            settings.neighbours = 0
            settings.bankScope = .all
        case .unconditioned: settings.conditioning = .none
        case .concatenation: settings.conditioning = .concatenation
        case .hypernetwork: settings.conditioning = .hypernetwork
        case .neighbours0: settings.neighbours = 0
        case .neighbours1: settings.neighbours = 1
        case .neighbours3: settings.neighbours = 3
        case .ownKeysKept: settings.ownKeys = .keep
        }
        return settings
    }
}
