import Foundation
import Screens
import TestSupport
import Testing

@Suite("keys in the documentation")
struct ReadmeKeysTests {
    /// What lies between a file's markers is the command table's; `WORKBENCH_RECORD_GOLDENS=1` writes it (and the test fails).
    @Test("are the command table's", arguments: [("docs/keys.md", CommandTable.markdown), ("README.md", CommandTable.markdownSummary)])
    func keys(name: String, expected: String) throws {
        let file = Checkout.root.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- keys -->\n"))
        let end = try #require(text.range(of: "\n<!-- /keys -->"))
        if ProcessInfo.processInfo.environment["WORKBENCH_RECORD_GOLDENS"] == "1" {
            let whole = text[..<begin.upperBound] + expected + text[end.lowerBound...]
            try String(whole).write(to: file, atomically: true, encoding: .utf8)
            Issue.record("recorded the keys in \(name); run again without WORKBENCH_RECORD_GOLDENS")
        }
        #expect(String(text[begin.upperBound..<end.lowerBound]) == expected)
    }

    /// The README keeps to a screenful.
    @Test("take at most 24 lines in the README")
    func screenful() { #expect(CommandTable.markdownSummary.split(separator: "\n").count <= 24) }
}
