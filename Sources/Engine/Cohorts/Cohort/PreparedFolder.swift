import Foundation
import Foundations
import Imaging

/// The places in a prepared cohort's folder, and its small files.
package struct PreparedFolder {
    package let root: URL

    package init(_ root: URL) { self.root = root.standardizedFileURL }

    /// How a prepared cohort's folder is recognised, and what in it is its own.
    package static let kept = KeptFolder(
        title: "the prepared cohort", marks: ["prepared.json", "preparation.jsonl"],
        own: [
            "prepared.json", "preparation.jsonl", "quality.csv", "review.csv", "atlas", "patches", "finished", "lungs", "transforms",
            "images", "corrected", "automatic", "doubtful", "lock",
        ])

    package var description: URL { root.appendingPathComponent("prepared.json") }
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
    /// What of a subject's scan may not be lung (label 3), where there is anything.
    func doubtful(_ id: String) -> URL { root.appendingPathComponent("doubtful/\(id).nii.gz") }
    /// A reader's corrections of the lungs: their list, the mask that they give, and the one that they start from.
    func corrections(_ id: String) -> URL { correctedFolder.appendingPathComponent("\(id).json") }
    func corrected(_ id: String) -> URL { correctedFolder.appendingPathComponent("\(id).nii.gz") }
    func automatic(_ id: String) -> URL { root.appendingPathComponent("automatic/\(id).nii.gz") }
    var correctedFolder: URL { root.appendingPathComponent("corrected", isDirectory: true) }
    func transform(_ id: String) -> URL { root.appendingPathComponent("transforms/\(id).txt") }

    /// A subject's lungs as they were found or given, with what may not be lung.
    /// - Throws: `Failure` where there are none, or they cannot be read or are no lung labels.
    func readLungs(_ id: String) throws -> Volume<UInt8> {
        func labels(_ file: URL) throws -> Volume<UInt8> {
            try LungMask.readKept(file, most: LungCorrection.doubtful, advice: "run `workbench prepare` again")
        }
        var mask = try labels(lungs(id))
        guard FileManager.default.fileExists(atPath: doubtful(id).path) else { return mask }
        let doubtful = try labels(doubtful(id))
        guard doubtful.sharesGrid(with: mask) else {
            throw Failure("\(self.doubtful(id).path) is on another grid than the lungs: run `workbench prepare` again")
        }
        for place in mask.voxels.indices where mask.voxels[place] == 0 { mask.voxels[place] = doubtful.voxels[place] }
        return mask
    }

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
            let found = try JSONDecoder().decode(PreparedDescription.self, from: data)
            guard Set(found.subjects.map(\.id)).count == found.subjects.count else {
                throw Failure("\(description.path) is damaged: it lists a subject twice; delete it and run `workbench prepare` again")
            }
            return found
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
        try AtomicFile.write(Seal.sealed(json: try encoder.encode(value) + Data("\n".utf8)), to: file)
    }
}
