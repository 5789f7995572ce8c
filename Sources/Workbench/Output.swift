import Foundation
import Foundations

/// Prints one line of results. Every command's lines go through here: names of files and subjects, tags and notes steer no terminal.
func print(_ words: String...) { Swift.print(words.map(\.printable).joined(separator: " ")) }

/// What commands print: results on standard output, messages on standard error. What would steer a terminal is escaped.
enum Output {
    /// One line of results.
    static func line(_ text: String) { print(text) }

    /// Several lines of results.
    static func lines(_ text: String) { for line in Self.split(text) { print(line) } }

    /// One line for the user that is no result.
    static func message(_ text: String) { error(text.printable + "\n") }

    /// Several lines for the user that are no result.
    static func messages(_ text: String) { for line in Self.split(text) { message(line) } }

    private static func split(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Text on standard error as it is, for lines that move the cursor; where that is closed or full there is nobody to tell.
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
