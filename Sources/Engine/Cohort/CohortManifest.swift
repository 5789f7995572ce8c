import Foundation

/// A cohort as its user lists it: `cohort.csv` with `subject,image[,lungs]` and any number of label columns.
public struct CohortManifest: Equatable, Sendable {
    /// One subject: one line of the file.
    public struct Row: Equatable, Sendable {
        /// The subject's name, also the stem of its files' names.
        public let subject: String
        /// The CT.
        public let image: URL
        /// A lung mask of the user's; nil where the lungs are to be segmented.
        public let lungs: URL?
        /// Label → value; labels left empty are not there. `sex` may be written M or F: 1 and 0.
        public let labels: [String: Double]
        /// The line of the file, counted from 1.
        public let line: Int
    }

    public let rows: [Row]
    /// Names of the label columns, in the file's order.
    public let labelNames: [String]

    /// Reads a cohort file; paths in it are relative to its folder.
    /// - Throws: `Failure` where a column or a file is missing, a subject comes twice or has a name that no file could have, a label is no
    ///   number, or there are no subjects.
    public init(contentsOf file: URL) throws {
        let table = try CSVTable(contentsOf: file)
        let folder = file.deletingLastPathComponent()
        let subjectColumn = try table.column("subject")
        let imageColumn = try table.column("image")
        let lungsColumn = table.columns.firstIndex(of: "lungs")
        let labelColumns = table.columns.indices.filter { ![subjectColumn, imageColumn, lungsColumn].contains($0) }
        labelNames = labelColumns.map { table.columns[$0] }

        var lineOf: [String: Int] = [:]
        rows = try table.rows.map { row in
            let place = "\(table.name), line \(row.line)"
            let subject = row.fields[subjectColumn]
            try Self.checkName(subject, place: place)
            // Names that differ only in case would share their files on some disks.
            if let first = lineOf.updateValue(row.line, forKey: subject.lowercased()) {
                throw Failure("\(place): the subject \"\(subject)\" is already on line \(first); each subject may be listed once")
            }
            func path(_ column: Int) throws -> URL {
                let url = URL(fileURLWithPath: row.fields[column], relativeTo: folder).standardizedFileURL
                var isFolder: ObjCBool = false
                let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
                if exists, !isFolder.boolValue { return url }
                let fault = exists ? "is a folder, expected a NIfTI file" : "does not exist"
                throw Failure("\(place): \(url.path), the \(table.columns[column]) of subject \(subject), \(fault)")
            }
            guard !row.fields[imageColumn].isEmpty else { throw Failure("\(place): subject \(subject) has no image") }
            var labels: [String: Double] = [:]
            for column in labelColumns {
                labels[table.columns[column]] = try Self.label(row.fields[column], named: table.columns[column], place: place)
            }
            return Row(
                subject: subject, image: try path(imageColumn),
                lungs: try lungsColumn.flatMap { row.fields[$0].isEmpty ? nil : try path($0) }, labels: labels, line: row.line)
        }
        if rows.isEmpty { throw Failure("\(table.name) lists no subjects; expected one line for each below the header") }
    }

    private static func checkName(_ subject: String, place: String) throws {
        if subject.isEmpty { throw Failure("\(place): the subject has no name") }
        let allowed = subject.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-".unicodeScalars.contains($0))
        }
        guard allowed, subject.first != ".", subject.first != "-", subject.utf8.count <= 100 else {
            throw Failure(
                "\(place): the subject \"\(subject)\" cannot name a file; use up to 100 letters, digits, \"_\", \"-\" and \".\", and begin with a letter or digit"
            )
        }
    }

    private static func label(_ text: String, named name: String, place: String) throws -> Double? {
        if text.isEmpty || ["na", "nan", "n/a"].contains(text.lowercased()) { return nil }
        if name == "sex", let letter = text.lowercased().first, "mf".contains(letter) { return letter == "m" ? 1 : 0 }
        guard let value = Double(text), value.isFinite else {
            throw Failure("\(place): the label \(name) is \"\(text)\"; expected a number, or nothing where it is not known")
        }
        return value
    }
}
