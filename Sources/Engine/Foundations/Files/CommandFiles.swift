import Foundation

/// What a command reads and writes, declared before any work and compared: no output may destroy an input, another output, or what a
/// session, cohort or atlas keeps in its folder.
package struct CommandFiles {
    private struct Place {
        /// What the user calls it, for example `--out`.
        let name: String
        let file: URL
        var path: String { file.path }
    }

    /// Kinds of folders whose own files are never a target.
    private let kept: [KeptFolder]
    private var sources: [Place] = []
    private var targets: [Place] = []
    private var folders: [(place: Place, kind: KeptFolder)] = []

    package init(kept: [KeptFolder]) { self.kept = kept }

    /// Declares a file or folder that is read; nil is none.
    package mutating func reads(_ name: String, _ path: String?) {
        if let path { sources.append(Place(name: name, file: URL(fileURLWithPath: path))) }
    }

    /// Declares a file that is written; nil is none.
    package mutating func writes(_ name: String, _ path: String?) {
        if let path { targets.append(Place(name: name, file: URL(fileURLWithPath: path))) }
    }

    /// Declares a folder that is filled; nil is none.
    package mutating func fills(_ name: String, _ path: String?, as kind: KeptFolder) {
        if let path { folders.append((Place(name: name, file: URL(fileURLWithPath: path)), kind)) }
    }

    /// Compares what was declared, and tries whether the targets can be written.
    /// - Throws: one sentence for the first target that must not be written, or cannot be.
    package func check() throws {
        var known: [FileIdentity: Place] = [:]
        for source in sources { known[try FileIdentity(source.file)] = source }
        let read = known
        for target in targets {
            let identity = try FileIdentity(target.file)
            if let other = known[identity] {
                throw Failure(
                    "\(target.name) \(target.path) is the same file as \(other.name) \(other.path), which would be lost; choose another name"
                )
            }
            known[identity] = target
            for (folder, _) in try FileIdentity.folders(above: target.file) {
                guard let source = read[try FileIdentity(folder)], !kept.contains(where: { $0.isMarked(folder) }) else {
                    continue
                }
                throw Failure(
                    "\(target.name) \(target.path) lies in \(source.name) \(source.path), all of which is read; choose a place outside it")
            }
            try requireFree(target)
            try AtomicFile.requireWritable(target.file)
        }
        for (place, kind) in folders { try check(place, kind) }
    }

    /// Refuses what a session, cohort or atlas keeps itself.
    private func requireFree(_ target: Place) throws {
        for (folder, names) in try FileIdentity.folders(above: target.file) {
            guard let keeper = kept.first(where: { $0.isMarked(folder) && $0.keeps(names, folder) }) else { continue }
            throw Failure("\(target.name) \(target.path) is kept by \(keeper.title) \(folder.path) itself; choose another place")
        }
    }

    private func check(_ place: Place, _ kind: KeptFolder) throws {
        if kind.rewrites { try requireFree(place) }
        if let fault = kind.faultOfFilling(place.file) { throw Failure("\(place.name) \(fault)") }
        // A file that is read may lie in the folder, but not where the folder's own are written.
        let folder = try FileIdentity(place.file)
        for source in sources {
            for (above, names) in try FileIdentity.folders(above: source.file)
            where try FileIdentity(above) == folder && kind.keeps(names, above) {
                throw Failure(
                    "\(place.name) \(place.path) holds \(source.name) \(source.path), which would be replaced; choose another folder")
            }
        }
    }
}
