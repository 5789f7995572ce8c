import Engine
import Foundation
import Testing

@Suite("CSV tables")
struct CSVTableTests {
    @Test("quotes, doubled quotes, line breaks in quotes, CRLF, byte-order mark, blank lines, no last newline")
    func reading() throws {
        let table = try CSVTable("\u{FEFF}a,b\r\n1, two \r\n\r\n\"x,\"\"y\"\"\nz\",\"\"\r\n3,4", name: "t.csv")
        #expect(table.columns == ["a", "b"])
        #expect(table.rows.map(\.fields) == [["1", "two"], ["x,\"y\"\nz", ""], ["3", "4"]])
        #expect(table.rows.map(\.line) == [2, 4, 6])
    }

    @Test("text that was written reads back")
    func writing() throws {
        let rows = [["plain", "with, comma"], ["with \"quotes\"", " blank"], ["", "line\nbreak"]]
        let table = try CSVTable(CSVTable.text(columns: ["a", "b"], rows: rows), name: "t.csv")
        #expect(table.rows.map(\.fields) == rows)
    }

    @Test(
        "faults name their line",
        arguments: [
            ("", "t.csv is empty; expected a header line with column names"),
            ("a,a\n", "t.csv, line 1: the column \"a\" is there twice"),
            ("a,\n", "t.csv, line 1: column 2 has no name"),
            ("a,b\n1,2\n3\n", "t.csv, line 3 has 1 fields, expected 2 as in the header"),
            ("a\n\"open\n", "t.csv, line 2: the quote that opens here is never closed"),
            ("a\nx\"y\"\n", "t.csv, line 2: a quote must enclose a whole field; write \"\" for a quote within quotes"),
        ])
    func faults(_ text: String, _ sentence: String) {
        #expect(throws: Failure(sentence)) { try CSVTable(text, name: "t.csv") }
    }
}
