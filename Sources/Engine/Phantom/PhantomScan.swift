/// A phantom's CT with its truth, all in the CT's own grid.
public struct PhantomScan: Sendable {
    /// HU.
    public let image: Volume<Int16>
    /// 0 outside, 1 right lung, 2 left.
    public let lungs: Volume<UInt8>
    /// 1 within centrilobular foci.
    public let centrilobular: Volume<UInt8>
    /// 1 within paraseptal cysts, the walls between neighbouring cysts included.
    public let paraseptal: Volume<UInt8>
}
