/// How HU become network inputs: clip to [-1024, 240], then (HU + 1024) / 632 - 1, in [-1, 1]. Source: the release's data set.
package enum NetworkIntensity {
    /// Values outside are clipped, HU.
    package static let hounsfieldRange: ClosedRange<Int16> = -1024...240
    /// Half the range's width, HU.
    package static let halfWidth: Float = 632

    /// The network's input for a value in HU.
    package static func input(_ hounsfield: Float) -> Float { (min(max(hounsfield, -1024), 240) + 1024) / 632 - 1 }
}
