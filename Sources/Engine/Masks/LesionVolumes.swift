import Foundation

/// What of a subject's low-density lung is of a subtype, and whether the mask can be believed.
package struct LesionVolumes: Codable, Equatable, Sendable {
    /// The lesion mask.
    package var lesion: EmphysemaVolumes
    /// Lung below -950 HU where the subtype is about.
    package var lowAttenuation: EmphysemaVolumes
    /// All lung below -950 HU.
    package var allLowAttenuation: EmphysemaVolumes

    package init(lesion: EmphysemaVolumes, lowAttenuation: EmphysemaVolumes, allLowAttenuation: EmphysemaVolumes) {
        self.lesion = lesion
        self.lowAttenuation = lowAttenuation
        self.allLowAttenuation = allLowAttenuation
    }

    /// The region may be so many times the lung below -950 HU, and so many per cent of the lung more.
    private static let mostTimes = 10.0
    private static let mostPercent = 5.0

    /// Why a region mask cannot be right, in a sentence with both numbers; nil where density allows it.
    package func implausible(region: EmphysemaVolumes) -> String? {
        let (marked, low) = (region.total.percent, allLowAttenuation.total.percent)
        guard marked > Self.mostTimes * low + Self.mostPercent else { return nil }
        return String(format: "it marks %.1f %% of the lung, of which %.1f %% lies below -950 HU", marked, low)
    }
}
