import Foundation
import Foundations

extension PhantomCohort {
    /// `phantom.json`: says that a folder's cohort was made by `workbench phantom`, and whether its tables are as they were made.
    struct Mark: Codable {
        var version = WorkbenchVersion.text
        /// SHA-256 by table; empty until all subjects are written.
        var tables: [String: String] = [:]

        static func file(_ folder: URL) -> URL { folder.appendingPathComponent("phantom.json") }

        var data: Data {
            get throws {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                return try encoder.encode(self) + Data("\n".utf8)
            }
        }
    }

    private static let parts = ["ct", "lungs", "cle", "paraseptal"]

    /// How a phantom cohort's folder is recognised, and what in it is its own. It is not made again over tables that somebody changed.
    package static let kept = KeptFolder(
        title: "the phantom cohort", marks: ["phantom.json"], rewrites: true,
        keeps: { names, _ in
            names.count == 1
                && (["phantom.json", "cohort.csv", "boxes.csv"].contains(names[0])
                    || parts.contains { names[0].hasSuffix(".\($0).nii.gz") })
        },
        faultOfRewriting: { folder in
            guard let data = try? Data(contentsOf: Mark.file(folder)), let mark = try? JSONDecoder().decode(Mark.self, from: data) else {
                return "\(folder.path) holds a damaged phantom.json; choose a new or empty folder"
            }
            for name in ["cohort.csv", "boxes.csv"] {
                let table = folder.appendingPathComponent(name)
                guard FileManager.default.fileExists(atPath: table.path) else { continue }
                if (try? Checksum.sha256(of: table)) != mark.tables[name] {
                    return "\(folder.path) holds a \(name) that was changed since the phantoms were made; choose a new or empty folder"
                }
            }
            return nil
        })
}
