/// Tells a slow link from a quick one by how long the terminal takes the bytes of a frame.
///
/// A terminal at hand takes them in less than a millisecond; where the link cannot follow, its buffers fill and writing waits.
struct LagWatch {
    private static let slowSeconds = 0.05
    private static let quickFrames = 50
    private var slow = 0
    private var quick = 0
    private var lags = false

    /// Whether the link lags, where that has changed with this frame.
    mutating func judge(_ cost: FrameCost) -> Bool? {
        if cost.writeSeconds >= Self.slowSeconds {
            slow += 1
            quick = 0
        } else if cost.bytes > 0 {
            quick += 1
            slow = 0
        }
        let now = slow >= 2 ? true : quick >= Self.quickFrames ? false : lags
        defer { lags = now }
        return now == lags ? nil : now
    }
}
