/// How HU become network inputs: clip to [-1024, 240], then (HU + 1024) / 632 - 1, in [-1, 1]. Source: the release's data set.
public enum NetworkIntensity {
    /// Values outside are clipped, HU.
    public static let hounsfieldRange: ClosedRange<Int16> = -1024...240
    /// Half the range's width, HU.
    static let halfWidth: Float = 632

    /// The network's input for a value in HU.
    @inlinable
    public static func input(_ hounsfield: Float) -> Float { (min(max(hounsfield, -1024), 240) + 1024) / 632 - 1 }
}
