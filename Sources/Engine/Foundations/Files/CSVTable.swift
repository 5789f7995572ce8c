import Foundation

/// A table read from separated text with a header line (RFC 4180: quotes, doubled quotes, line breaks within quotes; LF or CRLF; a
/// byte-order mark is skipped; blank lines are ignored).
///
/// Commas, semicolons or tabs separate, as the header line has them; `sep=;` before it, as Excel writes it, is understood. Written are commas.
package struct CSVTable: Equatable, Sendable {
    /// One line of the table.
    package struct Row: Equatable, Sendable {
        /// The line of the file on which the row begins, counted from 1.
        package let line: Int
        /// One field for each column, without the quotes, trimmed of blanks.
        package let fields: [String]
    }

    /// What messages call the table: its path.
    package let name: String
    /// The header's names, all different.
    package let columns: [String]
    package let rows: [Row]
    /// What separates the fields.
    private let separator: Unicode.Scalar

    /// - Throws: `Failure` where the file cannot be read or is no such table.
    package init(contentsOf file: URL) throws {
        let data = try WholeFile.read(file, kind: "table")
        guard let text = String(data: data, encoding: .utf8) else {
            throw Failure("\(file.path) is not UTF-8 text; save the table as CSV in UTF-8")
        }
        try self.init(text, name: file.path)
    }

    package init(_ text: String, name: String) throws {
        let (separator, start) = Self.separator(of: text)
        var lines = try Self.split(text, from: start, by: separator, name: name)
        guard !lines.isEmpty else { throw Failure("\(name) is empty; expected a header line with column names") }
        let header = lines.removeFirst()
        for (index, column) in header.fields.enumerated() {
            if column.isEmpty { throw Failure("\(name), line \(header.line): column \(index + 1) has no name") }
            if header.fields[..<index].contains(column) {
                throw Failure("\(name), line \(header.line): the column \"\(column)\" is there twice")
            }
        }
        for row in lines where row.fields.count != header.fields.count {
            throw Failure("\(name), line \(row.line) has \(row.fields.count) fields, expected \(header.fields.count) as in the header")
        }
        self.name = name
        columns = header.fields
        rows = lines
        self.separator = separator
    }

    package static func == (a: CSVTable, b: CSVTable) -> Bool { a.name == b.name && a.columns == b.columns && a.rows == b.rows }

    /// A field's number; nil where it is none. Where semicolons separate, a comma may stand for the point, as in `72,5`.
    package func number(_ text: String) -> Double? {
        if let value = Double(text) { return value }
        guard separator == ";", text.count(where: { $0 == "," }) == 1, !text.contains(".") else { return nil }
        return Double(text.replacingOccurrences(of: ",", with: "."))
    }

    /// The place of a column that must be there.
    package func column(_ wanted: String) throws -> Int {
        guard let index = columns.firstIndex(of: wanted) else {
            throw Failure("\(name) has no column \"\(wanted)\"; found \(columns.map { "\"\($0)\"" }.joined(separator: ", "))")
        }
        return index
    }

    /// One field as CSV text: quoted only where it must be.
    package static func field(_ text: String) -> String {
        let plain = !text.contains { ",;\t\"\n\r".contains($0) } && text.first != " " && text.last != " "
        return plain ? text : "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
    }

    /// Lines of text for a header and rows.
    package static func text(columns: [String], rows: [[String]]) -> String {
        ([columns] + rows).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
    }

    /// What separates the fields of the first line that is not blank, and the line on which the table begins: of comma, semicolon and tab the
    /// one that comes most often outside quotes.
    private static func separator(of text: String) -> (separator: Unicode.Scalar, start: Int) {
        var counts: [Unicode.Scalar: Int] = [:]
        var line = String.UnicodeScalarView()
        var start = 1
        var isQuoted = false
        func declared() -> Unicode.Scalar? {
            let words = String(line).trimmingCharacters(in: .whitespaces).lowercased().unicodeScalars
            guard words.count == 5 || (words.count == 4 && line.last == "\t"), words.starts(with: "sep=".unicodeScalars) else { return nil }
            return line.last.flatMap { ",;\t".unicodeScalars.contains($0) ? $0 : nil }
        }
        for scalar in text.unicodeScalars where scalar != "\u{FEFF}" && scalar != "\r" {
            if scalar == "\"" { isQuoted.toggle() }
            if scalar == "\n", !isQuoted {
                if let declared = declared() { return (declared, start + 1) }
                if !line.allSatisfy(\.properties.isWhitespace) { break }
                line.removeAll()
                start += 1
                continue
            }
            if !isQuoted, ",;\t".unicodeScalars.contains(scalar) { counts[scalar, default: 0] += 1 }
            line.append(scalar)
        }
        let best = [",", ";", "\t"].max { (a: Unicode.Scalar, b: Unicode.Scalar) in counts[a, default: 0] < counts[b, default: 0] }
        return (counts[best ?? ",", default: 0] > 0 ? best ?? "," : ",", 1)
    }

    /// - Parameter start: the line on which the table begins.
    private static func split(_ text: String, from start: Int, by separator: Unicode.Scalar, name: String) throws -> [Row] {
        var rows: [Row] = []
        var fields: [String] = []
        var field = ""
        var wasQuoted = false
        var quoteLine: Int?
        var line = 1
        var rowLine = 1
        func finishField() {
            fields.append(wasQuoted ? field : field.trimmingCharacters(in: .whitespaces))
            field = ""
            wasQuoted = false
        }
        func finishRow() {
            finishField()
            // Spreadsheets write blank lines as separators alone.
            if fields.contains(where: { !$0.isEmpty }), rowLine >= start { rows.append(Row(line: rowLine, fields: fields)) }
            fields = []
        }
        var scalars = text.unicodeScalars.makeIterator()
        var current = scalars.next()
        if current == "\u{FEFF}" { current = scalars.next() }
        while let scalar = current {
            current = scalars.next()
            if quoteLine != nil {
                if scalar == "\n" { line += 1 }
                if scalar != "\"" {
                    field.unicodeScalars.append(scalar)
                } else if current == "\"" {
                    field.append("\"")
                    current = scalars.next()
                } else {
                    quoteLine = nil
                }
                continue
            }
            switch scalar {
            case "\"" where !wasQuoted && field.allSatisfy(\.isWhitespace):
                quoteLine = line
                wasQuoted = true
                field = ""
            case separator: finishField()
            case "\r" where current == "\n": continue
            case "\n", "\r":
                finishRow()
                line += 1
                rowLine = line
            default:
                if wasQuoted, scalar == " " || scalar == "\t" { continue }
                if wasQuoted || scalar == "\"" {
                    throw Failure("\(name), line \(line): a quote must enclose a whole field; write \"\" for a quote within quotes")
                }
                field.unicodeScalars.append(scalar)
            }
        }
        if let quoteLine { throw Failure("\(name), line \(quoteLine): the quote that opens here is never closed") }
        if !field.isEmpty || wasQuoted || !fields.isEmpty { finishRow() }
        return rows
    }
}
