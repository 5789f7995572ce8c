/// The range of HU that a picture spreads from black to white.
package struct DisplayWindow: Codable, Equatable, Sendable {
    package var lowerHounsfield: Int
    package var upperHounsfield: Int

    package init(lower: Int, upper: Int) {
        lowerHounsfield = lower
        upperHounsfield = max(lower + 1, upper)
    }

    /// The range level ± width / 2.
    package init(level: Int, width: Int) { self.init(lower: level - width / 2, upper: level - width / 2 + width) }

    package static let lung = DisplayWindow(level: -600, width: 1500)
    package static let mediastinum = DisplayWindow(level: 40, width: 400)
    package static let bone = DisplayWindow(level: 400, width: 1800)
    /// As in the paper's figure 3.
    package static let emphysema = DisplayWindow(lower: -1060, upper: -825)

    package static let presets: [(name: String, window: DisplayWindow)] = [
        ("lung", .lung), ("mediastinum", .mediastinum), ("bone", .bone), ("emphysema", .emphysema),
    ]

    /// The preset's name, or `custom`.
    package var name: String { Self.presets.first { $0.window == self }?.name ?? "custom" }

    package var width: Int { upperHounsfield - lowerHounsfield }

    /// Moved by so many HU, kept where CT values lie.
    package func shifted(by hounsfield: Int) -> DisplayWindow {
        let lower = max(-3000, min(3000, lowerHounsfield + hounsfield))
        return DisplayWindow(lower: lower, upper: lower + width)
    }

    /// Wider (or narrower) by so many HU about the same middle.
    package func widened(by hounsfield: Int) -> DisplayWindow {
        let wanted = max(20, min(6000, width + hounsfield))
        return DisplayWindow(lower: lowerHounsfield - (wanted - width) / 2, upper: lowerHounsfield - (wanted - width) / 2 + wanted)
    }

    /// Brightness 0…1 of a value.
    package func brightness(_ hounsfield: Float) -> Float {
        max(0, min(1, (hounsfield - Float(lowerHounsfield)) / Float(width)))
    }
}
