import Foundation

/// A fault of a file, a user or a library, told in one clear sentence: what, where, what was found and expected, and what to do.
///
/// Programmer's mistakes are preconditions; everything that input can cause is a `Failure`.
package struct Failure: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
    /// The whole sentence, ready to print.
    package let description: String

    /// - Parameter sentence: one sentence that says what is wrong, where, what was expected, and what to do about it.
    package init(_ sentence: String) { description = sentence }

    package var errorDescription: String? { description }

    /// Runs `work`; where it fails, the sentence begins with the file (or files) at fault.
    package static func naming<Result>(_ file: String, _ work: () throws -> Result) throws -> Result {
        do { return try work() } catch let failure as Failure { throw Failure("\(file): \(failure.description)") }
    }

    /// The last C library error (`errno`) beside what was being done, for example `cannot write /tmp/a: No space left on device`.
    package static func system(_ doing: String, _ code: Int32 = errno) -> Failure {
        Failure("cannot \(doing): \(String(cString: strerror(code)))")
    }
}
