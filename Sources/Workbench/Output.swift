import Engine
import Foundation

/// What commands print: results on standard output, messages on standard error.
enum Output {
    /// One line of results.
    static func line(_ text: String) { print(text) }

    /// One line for the user that is no result.
    static func message(_ text: String) { error(text + "\n") }

    /// Text on standard error; where that is closed or full there is nobody to tell.
    static func error(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Hands everything printed to the system.
    /// - Throws: `Failure` where it takes no more, as a full disk.
    static func flush() throws {
        guard fflush(nil) == 0 else { throw Failure.system("write the results to standard output") }
    }

    /// A number with a fixed count of decimals.
    static func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}

extension String {
    /// Filled up with spaces to a width.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
