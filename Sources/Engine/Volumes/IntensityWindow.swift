/// A range of HU: what lies outside is clipped.
public struct IntensityWindow: Hashable, Sendable, Codable {
    /// Shown as black and as white.
    public let lowerHounsfield, upperHounsfield: Double

    public init(lowerHounsfield: Double, upperHounsfield: Double) {
        precondition(lowerHounsfield < upperHounsfield, "IntensityWindow: lower \(lowerHounsfield) is not below upper \(upperHounsfield)")
        self.lowerHounsfield = lowerHounsfield
        self.upperHounsfield = upperHounsfield
    }

    /// Named as radiologists do.
    public init(levelHounsfield: Double, widthHounsfield: Double) {
        self.init(lowerHounsfield: levelHounsfield - widthHounsfield / 2, upperHounsfield: levelHounsfield + widthHounsfield / 2)
    }

    public var levelHounsfield: Double { (lowerHounsfield + upperHounsfield) / 2 }
    public var widthHounsfield: Double { upperHounsfield - lowerHounsfield }

    /// What the network sees (the release's `-1024` and `240`).
    public static let network = IntensityWindow(lowerHounsfield: -1024, upperHounsfield: 240)
    /// Lung parenchyma and vessels: level -600, width 1500.
    public static let lung = IntensityWindow(levelHounsfield: -600, widthHounsfield: 1500)
    /// Low attenuation stands out: level -875, width 250.
    public static let emphysema = IntensityWindow(levelHounsfield: -875, widthHounsfield: 250)
    /// Heart, vessels and chest wall: level 40, width 400.
    public static let mediastinum = IntensityWindow(levelHounsfield: 40, widthHounsfield: 400)

    /// 0 at and below the lower end, 1 at and above the upper.
    @inlinable
    public func fraction(of hounsfield: Double) -> Double {
        min(max((hounsfield - lowerHounsfield) / (upperHounsfield - lowerHounsfield), 0), 1)
    }

    /// The network's input, (clip(HU) + 1024) / 632 - 1, in [-1, 1].
    @inlinable
    public static func networkInput(_ hounsfield: Int16) -> Float {
        Float(min(max(hounsfield, -1024), 240) + 1024) / 632 - 1
    }
}
