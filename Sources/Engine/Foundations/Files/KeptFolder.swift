import Foundation

/// A kind of folder that the workbench makes and keeps: how it is recognised, and which of the files in it are its own.
///
/// The kinds are declared beside what they describe (`SessionFolder.kept` and so on); whoever writes files for the user knows all of them.
package struct KeptFolder: Sendable {
    /// As sentences name it, for example `the session`.
    let title: String
    /// Files at the folder's top of which any says that it is one.
    let marks: [String]
    /// Whether filling it replaces what an earlier command made there, or goes on with it.
    let rewrites: Bool
    /// Whether a file in the folder, given by the names that lead to it, is one of its own.
    let keeps: @Sendable (_ names: [String], _ folder: URL) -> Bool
    /// Why what is in a marked folder must not be replaced all the same; nil where it may.
    let faultOfRewriting: @Sendable (URL) -> String?

    /// - Parameter own: files and folders at its top that are its own with all that is in them.
    package init(
        title: String, marks: [String], own: Set<String> = [], rewrites: Bool = false,
        keeps: (@Sendable (_ names: [String], _ folder: URL) -> Bool)? = nil,
        faultOfRewriting: @escaping @Sendable (URL) -> String? = { _ in nil }
    ) {
        self.title = title
        self.marks = marks
        self.rewrites = rewrites
        self.keeps = keeps ?? { names, _ in own.contains(names[0]) }
        self.faultOfRewriting = faultOfRewriting
    }

    func isMarked(_ folder: URL) -> Bool { marks.contains { access(folder.appendingPathComponent($0).path, F_OK) == 0 } }

    /// Why a folder must not be filled as one of this kind: it holds what the workbench did not make. Nil for one of the kind, one that is
    /// empty, and one that is not there.
    package func faultOfFilling(_ folder: URL) -> String? {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !AtomicFile.isTemporary($0) }
            .sorted()
        guard let first = names.first else { return nil }
        guard isMarked(folder) else {
            return "\(folder.path) holds \(first)\(names.count > 1 ? " and more" : ""), which was not made there by this command; "
                + "choose a new or empty folder"
        }
        return faultOfRewriting(folder)
    }
}
