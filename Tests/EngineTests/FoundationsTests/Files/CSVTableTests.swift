import Foundation
import Foundations
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

    @Test("semicolons, tabs and what Excel writes before the header are understood by the header line")
    func separators() throws {
        let fields = [["1", "x, y", "2,5"], ["", "b;c", "3"]]
        let expected = ["subject", "note", "fev1"]
        for text in [
            "subject;note;fev1\n1;x, y;2,5\n;\"b;c\";3\n", "\u{FEFF}subject;note;fev1\r\n1;x, y;2,5\r\n;\"b;c\";3\r\n;;\r\n",
            "subject\tnote\tfev1\n1\tx, y\t2,5\n\tb;c\t3\n", "sep=;\nsubject;note;fev1\n1;x, y;2,5\n;\"b;c\";3",
            "\n\n\"subject\";\"note\";fev1\n1;x, y;2,5\n;\"b;c\";3", "subject,note,fev1\n1,\"x, y\",\"2,5\"\n,b;c,3\n,,\n",
        ] {
            let table = try CSVTable(text, name: "t.csv")
            #expect(table.columns == expected && table.rows.map(\.fields) == fields, "\(text)")
        }
        // Of a table of one column nothing separates anything.
        #expect(try CSVTable("a\n1\n", name: "t.csv").rows.map(\.fields) == [["1"]])
    }

    @Test("a comma stands for the point where semicolons separate, and only there")
    func decimalCommas() throws {
        let semicolons = try CSVTable("a;b\n1;2\n", name: "t.csv")
        #expect(semicolons.number("72,5") == 72.5 && semicolons.number("-0,5") == -0.5 && semicolons.number("1e3") == 1000)
        #expect(semicolons.number("1.234,5") == nil && semicolons.number("1,2,3") == nil && semicolons.number("x") == nil)
        for text in ["a,b\n1,2\n", "a\tb\n1\t2\n"] { #expect(try CSVTable(text, name: "t.csv").number("72,5") == nil) }
    }

    @Test("text that was written reads back")
    func writing() throws {
        let rows = [["plain", "with, comma"], ["with \"quotes\"", " blank"], ["", "line\nbreak"], ["a;b", "c\td"]]
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
