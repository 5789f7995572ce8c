import Foundation

/// The places in a prepared cohort's folder, and its small files.
package struct PreparedFolder {
    let root: URL

    package init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a prepared cohort's folder is recognised, and what in it is its own.
    package static let kept = KeptFolder(
        title: "the prepared cohort", marks: ["prepared.json", "preparation.jsonl"],
        own: [
            "prepared.json", "preparation.jsonl", "quality.csv", "review.csv", "atlas", "patches", "finished", "lungs", "transforms",
            "images",
            "lock",
        ])

    var description: URL { root.appendingPathComponent("prepared.json") }
    var quality: URL { root.appendingPathComponent("quality.csv") }
    package var atlas: URL { root.appendingPathComponent("atlas", isDirectory: true) }
    package var patches: URL { root.appendingPathComponent("patches", isDirectory: true) }
    /// Subjects that are done, each with its patches, until all are and the patches are brought into landmark order.
    var finished: URL { root.appendingPathComponent("finished", isDirectory: true) }
    /// What happened in the last run, one event a line.
    package var journal: URL { root.appendingPathComponent("preparation.jsonl") }
    /// Held by the one process that prepares.
    var lock: URL { root.appendingPathComponent("lock") }
    /// What the user thinks of subjects.
    var review: URL { root.appendingPathComponent("review.csv") }
    /// The image of a subject that came as a DICOM series.
    func image(_ id: String) -> URL { root.appendingPathComponent("images/\(id).nii.gz") }
    func lungs(_ id: String) -> URL { root.appendingPathComponent("lungs/\(id).nii.gz") }
    func transform(_ id: String) -> URL { root.appendingPathComponent("transforms/\(id).txt") }

    /// How `prepared.json` writes a path: relative while it stays within the folder's parent, so that both can move together.
    func written(_ file: URL) -> String {
        let parent = root.deletingLastPathComponent().path + "/"
        let path = file.standardizedFileURL.path
        return path.hasPrefix(parent) ? "../" + path.dropFirst(parent.count) : path
    }

    /// The file behind a path of `prepared.json`.
    func resolved(_ path: String) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : root.appendingPathComponent(path).standardizedFileURL
    }

    /// Reads `prepared.json`; nil where there is none.
    func readDescription() throws -> PreparedDescription? {
        guard FileManager.default.fileExists(atPath: description.path) else { return nil }
        struct Format: Decodable { let format: Int }
        do {
            let data = try Seal.read(description, kind: "cohort's description", advice: "delete it and run `workbench prepare` again")
            let format = try JSONDecoder().decode(Format.self, from: data).format
            guard format == PreparedDescription.currentFormat else {
                throw Failure(
                    "\(description.path) has format \(format), expected \(PreparedDescription.currentFormat); run `workbench prepare` of this version into a new folder"
                )
            }
            return try JSONDecoder().decode(PreparedDescription.self, from: data)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("\(description.path) is damaged; delete it and run `workbench prepare` again")
        }
    }

    package func writeDescription(_ value: PreparedDescription) throws {
        try Self.writeJSON(value, to: description)
    }

    static func writeJSON(_ value: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Seal.sealed(json: try encoder.encode(value)) + Data("\n".utf8), to: file)
    }
}
