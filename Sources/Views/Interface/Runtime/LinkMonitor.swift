import TerminalKit

/// Tells a slow link from a quick one by how long the terminal takes the bytes of a frame.
///
/// A terminal at hand takes them in less than a millisecond; where the link cannot follow, its buffers fill and writing waits. A few bytes fit
/// into any buffer: that they were taken at once tells nothing. Nor do a few frames between two that had to wait: buffers hold several.
struct LinkMonitor {
    private static let slowSeconds = 0.05
    private static let pictureBytesPerSecond = 1e6
    private static let quickFrames = 50
    /// Quick frames in a row after which a slow one is forgotten.
    private static let forgottenFrames = 10
    private static let tellingBytes = 1024
    private var slow = 0
    private var quick = 0
    private var lags = false

    /// Whether the link lags, where that has changed with this frame.
    mutating func judge(_ cost: FrameCost) -> Bool? {
        // Pictures take their time on any link: slow is less than a megabyte of them a second.
        if cost.writeSeconds >= Self.slowSeconds + Double(cost.pictureBytes) / Self.pictureBytesPerSecond {
            slow += 1
            quick = 0
        } else if cost.bytes >= Self.tellingBytes {
            quick += 1
            if quick >= Self.forgottenFrames { slow = 0 }
        }
        let now = slow >= 2 ? true : quick >= Self.quickFrames ? false : lags
        defer { lags = now }
        return now == lags ? nil : now
    }
}
