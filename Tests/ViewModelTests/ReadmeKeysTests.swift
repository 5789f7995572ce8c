import Foundation
import Screens
import Testing

@Suite("README")
struct ReadmeKeysTests {
    /// The lines between the README's markers are the command table's; `WORKBENCH_RECORD_GOLDENS=1` writes them (and the test fails).
    @Test("its key list is the command table's")
    func keys() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("README.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- keys -->\n"))
        let end = try #require(text.range(of: "\n<!-- /keys -->"))
        if ProcessInfo.processInfo.environment["WORKBENCH_RECORD_GOLDENS"] == "1" {
            let whole = text[..<begin.upperBound] + CommandTable.markdown + text[end.lowerBound...]
            try String(whole).write(to: file, atomically: true, encoding: .utf8)
            Issue.record("recorded the key list; run again without WORKBENCH_RECORD_GOLDENS")
        }
        #expect(String(text[begin.upperBound..<end.lowerBound]) == CommandTable.markdown)
    }
}
