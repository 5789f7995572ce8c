import Foundation
import Foundations

/// A cohort as its user gives it: `cohort.csv` with `subject,image[,lungs]` and any number of label columns, or a folder of scans.
package struct CohortManifest: Equatable, Sendable {
    /// One subject: one line of the file.
    package struct Row: Equatable, Sendable {
        /// The subject's name, also the stem of its files' names.
        package let subject: String
        /// The CT: a file, or a folder with one DICOM series.
        package let image: URL
        /// A lung mask of the user's; nil where the lungs are to be segmented.
        package let lungs: URL?
        /// Label → value; labels left empty are not there. `sex` may be written as a word: 1 male, 0 female.
        package let labels: [String: Double]
        /// The line of the file, counted from 1.
        package let line: Int
    }

    /// The table, or the folder of scans.
    package let source: URL
    package let rows: [Row]
    /// Names of the label columns, in the file's order.
    package let labelNames: [String]

    /// Reads a cohort file, whose paths are relative to its folder; or takes a folder of scans for one.
    ///
    /// Whether the scans are there is seen when they are read, so that a missing one does not stop the others.
    /// - Throws: `Failure` where a column is missing, a subject comes twice or has a name that no file could have, a label is not a number or
    ///   one that it cannot be, or there are no subjects.
    package init(contentsOf place: URL) throws {
        if FileStamp.isFolder(place) { try self.init(scansIn: place) } else { try self.init(table: place) }
    }

    /// Every image `<subject>.nii[.gz]` of a folder, with `<subject>.lungs.nii[.gz]` as its lungs where that is there, and every folder in it
    /// with the DICOM files of one series: subjects are called as their files and folders, which should be pseudonyms.
    private init(scansIn folder: URL) throws {
        source = folder
        labelNames = []
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }.sorted()
        var images: [(subject: String, image: URL)] = []
        var masks: [String: URL] = [:]
        for name in names {
            let file = folder.appendingPathComponent(name)
            if FileStamp.isFolder(file) {
                images.append((name, file))
            } else if let ending = [".nii.gz", ".nii"].first(where: { name.lowercased().hasSuffix($0) }) {
                let stem = String(name.dropLast(ending.count))
                if stem.hasSuffix(".lungs") { masks[String(stem.dropLast(6))] = file } else { images.append((stem, file)) }
            }
        }
        var seen: [String: URL] = [:]
        rows = try images.enumerated().map { index, scan in
            try Self.checkName(scan.subject, place: scan.image.path)
            if let first = seen.updateValue(scan.image, forKey: scan.subject.lowercased()) {
                throw Failure(
                    "\(folder.path): \(first.lastPathComponent) and \(scan.image.lastPathComponent) are both called \(scan.subject)")
            }
            return Row(subject: scan.subject, image: scan.image, lungs: masks[scan.subject], labels: [:], line: index + 1)
        }
        if rows.isEmpty {
            throw Failure("\(folder.path) holds no scans; expected .nii or .nii.gz files, or a folder for each DICOM series")
        }
    }

    /// Scans that are listed for more than one subject, in sentences: the same file, whatever its names and links.
    package var warnings: [String] {
        var first: [FileIdentity: Row] = [:]
        return rows.compactMap { row in
            guard let identity = try? FileIdentity(row.image) else { return nil }
            guard let other = first[identity] else {
                first[identity] = row
                return nil
            }
            return Self.sharedScan(other.subject, row.subject)
        }
    }

    /// One patient's scan under two names counts twice, and may lie in training and test at once.
    static func sharedScan(_ first: String, _ second: String) -> String {
        "the subjects \(first) and \(second) have the same scan: one patient would count twice"
    }

    /// Refuses a cohort of which not one scan is there: its paths must be wrong.
    func requireSomeImage() throws {
        guard !rows.contains(where: { FileManager.default.fileExists(atPath: $0.image.path) }), let first = rows.first else { return }
        throw Failure("\(source.path), line \(first.line): \(first.image.path), the image of subject \(first.subject), does not exist")
    }

    private init(table file: URL) throws {
        source = file
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
            func path(_ column: Int) -> URL { URL(fileURLWithPath: row.fields[column], relativeTo: folder).standardizedFileURL }
            guard !row.fields[imageColumn].isEmpty else { throw Failure("\(place): subject \(subject) has no image") }
            var labels: [String: Double] = [:]
            for column in labelColumns {
                labels[table.columns[column]] = try CohortLabel.value(
                    row.fields[column], named: table.columns[column], in: table, place: place)
            }
            return Row(
                subject: subject, image: path(imageColumn),
                lungs: lungsColumn.flatMap { row.fields[$0].isEmpty ? nil : path($0) }, labels: labels, line: row.line)
        }
        for column in labelNames {
            try CohortLabel.requireOneUnit(
                rows.compactMap { row in row.labels[column].map { ($0, "\(table.name), line \(row.line)") } }, named: column)
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
}
