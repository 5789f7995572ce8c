import ArgumentParser
import Foundations

/// Words of the command line that the engine judges.
enum Usage {
    /// Runs `work`; what it refuses is wrong usage (exit 2), not a fault of a file.
    @discardableResult
    static func check<Result>(_ work: () throws -> Result) throws -> Result {
        do { return try work() } catch let failure as Failure { throw ValidationError(failure.description) }
    }
}
