import Engine
import Foundation
import Views

/// Finds what the interface shows of a session.
enum SessionViewing {
    /// The folder of a session; throws if there is none.
    static func folder(_ path: String) throws -> SessionFolder {
        let folder = SessionFolder(URL(fileURLWithPath: path, isDirectory: true))
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.root.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Failure("there is no session at \(folder.root.path): a session is a folder with a journal.jsonl")
        }
        guard FileManager.default.fileExists(atPath: folder.journal.path) else {
            throw Failure("\(folder.root.path) is no session: it has no journal.jsonl")
        }
        return folder
    }

    static func context(for folder: SessionFolder) throws -> SessionContext {
        SessionContext(folder: folder, library: EmptyLibrary(), atlas: { nil }, ownership: { .nobody })
    }
}
