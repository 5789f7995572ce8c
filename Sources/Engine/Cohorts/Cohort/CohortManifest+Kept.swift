import Foundation
import Foundations

extension CohortManifest {
    /// How a folder with a cohort's table is recognised, and what in it is the cohort's: the table, boxes, and the files that it lists.
    package static let kept = KeptFolder(title: "the cohort", marks: ["cohort.csv"]) { names, folder in
        if names == ["cohort.csv"] || names == ["boxes.csv"] { return true }
        let file = names.reduce(folder) { $0.appendingPathComponent($1) }
        guard let identity = try? FileIdentity(file),
            let manifest = try? CohortManifest(contentsOf: folder.appendingPathComponent("cohort.csv"))
        else { return false }
        let listed = manifest.rows.flatMap { [$0.image] + ($0.lungs.map { [$0] } ?? []) }
        return listed.contains { (try? FileIdentity($0)) == identity }
    }
}
