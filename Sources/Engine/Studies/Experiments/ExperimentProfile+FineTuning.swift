import Inference
import StudyResults

extension ExperimentProfile {
    /// How long the whole network is fine-tuned.
    var fineTuning: FullFineTuner.Settings {
        var settings = FullFineTuner.Settings()
        if self == .quick { settings.epochs = 1 }
        return settings
    }
}
