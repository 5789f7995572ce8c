import Foundation
import Foundations

/// What a session was asked to do: `session.json`, written once, with a seal. Whoever changes it by hand deletes the seal's line.
package struct SessionDescription: Codable, Equatable, Sendable {
    /// Version of the session folder's layout that this program writes and reads.
    package static let currentFormat = 1

    package var format = Self.currentFormat
    /// The program's version.
    package var version = WorkbenchVersion.text
    /// When it was made, ISO 8601, UTC.
    package var created: String
    /// The prepared cohort, relative to the session's folder where it lies inside it.
    package var cohort: String
    /// Checksum of the atlas that the cohort was prepared with.
    package var atlas: String
    /// Subjects that are trained on; the cohort's others are held out.
    package var trainingSubjects: [String]
    package var settings: TrainingSettings
    /// Instruction set of the kernels that the session was begun with: the same bytes are promised on it only.
    package var isa: String

    package init(
        created: Date, cohort: String, atlas: String, trainingSubjects: [String], settings: TrainingSettings, isa: String
    ) {
        self.created = created.formatted(.iso8601)
        self.cohort = cohort
        self.atlas = atlas
        self.trainingSubjects = trainingSubjects
        self.settings = settings
        self.isa = isa
    }

    /// Reads a session's description.
    /// - Throws: `Failure` where there is none, it is damaged, or a newer program made it.
    package static func read(_ session: SessionFolder) throws -> SessionDescription {
        let file = session.description
        guard let data = try? Data(contentsOf: file) else {
            throw Failure("\(session.root.path) is no session: it has no readable session.json; make one with `workbench pretrain`")
        }
        guard Seal.holds(data) else {
            throw Failure(
                "\(file.path) is damaged: its bytes do not match their checksum; restore it from a copy of the session, or delete its line "
                    + "\(Seal.key) if you changed it by hand")
        }
        struct Format: Decodable {
            var format: Int
            var version: String
        }
        guard let format = try? JSONDecoder().decode(Format.self, from: data) else {
            throw Failure("\(file.path) is damaged: expected a JSON object with format and version; restore it from a copy of the session")
        }
        guard format.format <= currentFormat else {
            throw Failure(
                "\(session.root.path) was made by workbench \(format.version) (session format \(format.format)), which is newer than this program "
                    + "(\(WorkbenchVersion.text), format \(currentFormat)); open it with that version or a later one")
        }
        do {
            let description = try JSONDecoder().decode(SessionDescription.self, from: data)
            try TrainingSetting.check(description.settings)
            return description
        } catch let failure as Failure {
            throw Failure("\(file.path) is damaged: \(failure.description); restore it from a copy of the session")
        } catch {
            throw Failure("\(file.path) is damaged: fields are missing or of another type; restore it from a copy of the session")
        }
    }

    /// Writes it; done once, when the session is made.
    package func write(_ session: SessionFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Seal.sealed(json: try encoder.encode(self)), to: session.description)
    }

    /// The prepared cohort's folder.
    package func cohortFolder(_ session: SessionFolder) -> URL {
        cohort.hasPrefix("/") ? URL(fileURLWithPath: cohort) : session.root.appendingPathComponent(cohort).standardizedFileURL
    }
}
