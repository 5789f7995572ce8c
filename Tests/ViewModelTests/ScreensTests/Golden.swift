import Foundation
import TestSupport
import Testing

/// Screens stored as text.
enum Golden {
    /// Compares with the stored screen. `WORKBENCH_RECORD_GOLDENS=1` writes it anew, and then the test fails so that nobody forgets.
    static func compare(_ shown: String, _ name: String) throws {
        let file = Checkout.root.appendingPathComponent("Tests/Goldens/\(name).txt")
        if ProcessInfo.processInfo.environment["WORKBENCH_RECORD_GOLDENS"] == "1" {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(shown.utf8).write(to: file)
            Issue.record("recorded \(file.path): look at it, and run again without WORKBENCH_RECORD_GOLDENS")
            return
        }
        let stored = try String(contentsOf: file, encoding: .utf8)
        #expect(shown == stored, "\(name) differs from its golden:\n\(shown)")
    }
}
