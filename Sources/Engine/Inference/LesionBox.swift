import Foundation

/// The two kinds of emphysema that are told apart voxel by voxel.
public enum EmphysemaSubtype: String, Codable, CaseIterable, Sendable {
    case centrilobular = "cle"
    case paraseptal
}

/// A 32 mm box that a reader placed in a subject's lung: `boxes.csv`, columns `subject,subtype,x,y,z` (centre, RAS+ mm).
public struct LesionBox: Equatable, Sendable {
    /// What the reader saw in it.
    public enum Label: String, CaseIterable, Sendable {
        case cle
        case paraseptal
        case healthy
    }

    public let subject: String
    public let label: Label
    public let centre: Point3

    public init(subject: String, label: Label, centre: Point3) {
        self.subject = subject
        self.label = label
        self.centre = centre
    }

    /// Reads a table of boxes.
    public static func read(_ file: URL) throws -> [LesionBox] {
        let table = try CSVTable(contentsOf: file)
        let subject = try table.column("subject")
        let subtype = try table.column("subtype")
        let axes = try ["x", "y", "z"].map { try table.column($0) }
        return try table.rows.map { row in
            guard let label = Label(rawValue: row.fields[subtype]) else {
                throw Failure(
                    "\(table.name), line \(row.line): subtype \"\(row.fields[subtype])\" is unknown; expected cle, paraseptal or healthy")
            }
            let place = try axes.map { axis in
                guard let value = Double(row.fields[axis]), value.isFinite else {
                    throw Failure("\(table.name), line \(row.line): \"\(row.fields[axis])\" is no coordinate; expected millimetres")
                }
                return value
            }
            return LesionBox(subject: row.fields[subject], label: label, centre: Point3(place[0], place[1], place[2]))
        }
    }
}
