import Foundation
import Foundations
import Imaging

/// The two kinds of emphysema that are told apart voxel by voxel.
package enum EmphysemaSubtype: String, Codable, CaseIterable, Sendable {
    case centrilobular = "cle"
    case paraseptal
}

/// A 32 mm box that a reader placed in a subject's lung: `boxes.csv`, columns `subject,subtype,x,y,z` (centre, RAS+ mm) and, where the box was
/// placed in a viewer, `image`.
package struct LesionBox: Codable, Hashable, Sendable {
    /// mm.
    package static let side = Double(Atlas.patchSide)

    /// What the reader saw in it.
    package enum Label: String, CaseIterable, Codable, Sendable {
        case cle
        case paraseptal
        case healthy
    }

    package let subject: String
    package let label: Label
    package let centre: Point3
    /// Checksum of the CT that it was placed on; nil where that is not known.
    package let image: String?

    package init(subject: String, label: Label, centre: Point3, image: String? = nil) {
        self.subject = subject
        self.label = label
        self.centre = centre
        self.image = image
    }

    /// Whether a CT is the one that it was placed on, as far as both are known.
    package func fits(image found: String?) -> Bool { image == nil || found == nil || image == found }

    /// Whether it says the same of the same place, whatever is known of the CT.
    package func isSame(as other: LesionBox) -> Bool { subject == other.subject && label == other.label && centre == other.centre }

    /// Boxes whose centres are closer than this along each axis mark one place, mm.
    private static let samePlaceMillimetres = 4.0
    /// More are counted, not listed.
    private static let mostContradictions = 5

    /// Places that are marked both as diseased and as healthy, in sentences: a classifier cannot learn both.
    package static func contradictions(_ boxes: [LesionBox]) -> [String] {
        let healthy = Dictionary(grouping: boxes.filter { $0.label == .healthy }, by: \.subject)
        let sentences = boxes.filter { $0.label != .healthy }.compactMap { box -> String? in
            let clash = healthy[box.subject]?.first { other in
                let apart = other.centre - box.centre
                return (0..<3).allSatisfy { abs(apart[$0]) < samePlaceMillimetres } && box.fits(image: other.image)
            }
            guard clash != nil else { return nil }
            let place = (0..<3).map { CTAcquisition.brief(box.centre[$0]) }.joined(separator: ", ")
            return "the place \(place) mm of \(box.subject) is marked both \(box.label.rawValue) and healthy"
        }
        guard sentences.count > mostContradictions else { return sentences }
        return sentences.prefix(mostContradictions) + [
            "\(sentences.count - mostContradictions) more places are marked both diseased and healthy"
        ]
    }

    /// The table of boxes, as `read` takes it.
    package static func text(_ boxes: [LesionBox]) -> String {
        CSVTable.text(
            columns: ["subject", "subtype", "x", "y", "z", "image"],
            rows: boxes.map { box in
                [box.subject, box.label.rawValue] + (0..<3).map { String(box.centre[$0]) } + [box.image ?? ""]
            })
    }

    /// No image of a patient lies farther from its origin.
    private static let farthestMillimetres = 10_000.0

    /// Reads a table of boxes.
    package static func read(_ file: URL) throws -> [LesionBox] {
        let table = try CSVTable(contentsOf: file)
        let subject = try table.column("subject")
        let subtype = try table.column("subtype")
        let axes = try ["x", "y", "z"].map { try table.column($0) }
        let image = table.columns.firstIndex(of: "image")
        return try table.rows.map { row in
            guard let label = Label(rawValue: row.fields[subtype]) else {
                throw Failure(
                    "\(table.name), line \(row.line): subtype \"\(row.fields[subtype].printable)\" is unknown; expected cle, paraseptal or healthy"
                )
            }
            let place = try axes.map { axis in
                guard let value = table.number(row.fields[axis]), abs(value) <= farthestMillimetres else {
                    throw Failure(
                        "\(table.name), line \(row.line): \"\(row.fields[axis].printable)\" is not a coordinate; expected millimetres, with a point, at "
                            + "most \(Int(farthestMillimetres)) from the origin")
                }
                return value
            }
            return LesionBox(
                subject: row.fields[subject], label: label, centre: Point3(place[0], place[1], place[2]),
                image: image.map { row.fields[$0] }.flatMap { $0.isEmpty ? nil : $0 })
        }
    }
}
