import Engine
import Foundation

/// What commands print: results on standard output, messages on standard error.
enum Output {
    /// One line of results.
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// One line for the user that is no result.
    static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// A number with a fixed count of decimals.
    static func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}

extension String {
    /// Filled up with spaces to a width.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
