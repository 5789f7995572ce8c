/// A phantom's CT with its truth, all in the CT's own grid.
package struct PhantomScan: Sendable {
    /// HU.
    package let image: Volume<Int16>
    /// 0 outside, 1 right lung, 2 left.
    package let lungs: Volume<UInt8>
    /// 1 within centrilobular foci.
    package let centrilobular: Volume<UInt8>
    /// 1 within paraseptal cysts, the walls between neighbouring cysts included.
    package let paraseptal: Volume<UInt8>
}
