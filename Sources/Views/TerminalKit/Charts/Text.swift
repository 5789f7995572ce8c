import Foundation

/// Numbers as the screens write them.
package enum Text {
    /// `12 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
        if whole < 86_400 { return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60) }
        return String(format: "%d d %02d h", whole / 86_400, whole / 3600 % 24)
    }

    /// Minutes and seconds since the start: `0:07`, `12:34`, `1:02:03`.
    package static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e9 else { return "–" }
        let whole = max(0, Int(seconds))
        return whole < 3600
            ? String(format: "%d:%02d", whole / 60, whole % 60) : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
    }

    package static func fixed(_ value: Double, _ decimals: Int) -> String { value.isFinite ? String(format: "%.\(decimals)f", value) : "–" }

    /// Three significant digits, for quantities of any size; whole numbers of four and five digits in full.
    package static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return (1000..<99_999.5).contains(abs(value)) ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }

    /// A setting as it was given.
    package static func setting(_ value: Double?) -> String { value.map { $0.isFinite ? String(format: "%.6g", $0) : "–" } ?? "–" }

    /// Memory, given in 10⁶ bytes: `850 MB`, `1.10 GB`.
    package static func memory(_ megabytes: Double) -> String {
        megabytes >= 999.5 ? "\(fixed(megabytes / 1000, 2)) GB" : "\(fixed(megabytes, 0)) MB"
    }

    /// A value in five characters or fewer.
    package static func brief(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let magnitude = abs(value)
        if magnitude >= 10_000 || (magnitude < 0.01 && magnitude > 0) {
            return String(format: "%.0e", value).replacingOccurrences(of: "e-0", with: "e-").replacingOccurrences(of: "e+0", with: "e")
        }
        return String(format: magnitude >= 100 ? "%.0f" : magnitude >= 10 ? "%.1f" : "%.2f", value)
    }
}
