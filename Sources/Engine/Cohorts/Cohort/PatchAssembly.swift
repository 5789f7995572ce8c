import Foundation
import Foundations

/// Brings patches from the order in which subjects are prepared into one file a landmark.
struct PatchAssembly: Sendable {
    private let folder: PreparedFolder
    private let landmarks: Int
    /// The store that is there, with the places of its subjects; nil where there is none of this atlas and these settings.
    private let before: (description: PreparedDescription, store: PatchStore)?

    init(folder: PreparedFolder, atlas: Atlas, settings: PreparationSettings) throws {
        let landmarks = atlas.landmarks.count
        self.folder = folder
        self.landmarks = landmarks
        before = try folder.readDescription().flatMap { description in
            guard description.atlas == atlas.checksum, description.settings == settings else { return nil }
            let store = try? PatchStore(folder: folder.patches, landmarks: landmarks, count: description.subjects.count)
            return store.map { (description, $0) }
        }
    }

    /// Whether a finished subject's patches are on disk as they were written, in a file of its own or within the store.
    func hasPatches(of subject: FinishedSubject) -> Bool {
        let own = FinishedSubject.patches(subject.record.id, in: folder)
        guard FileManager.default.fileExists(atPath: own.path) else { return place(of: subject.record) != nil }
        guard (try? MappedFile(own).bytes.count) == landmarks * PatchStore.patchBytes else { return false }
        return subject.patches == nil || (try? Checksum.sha256(of: own)) == subject.patches
    }

    /// Writes the patches of `description.subjects`, in that order, then `prepared.json`; the store that was there stays until the new one is
    /// complete.
    func assemble(_ description: PreparedDescription, parallel: Parallel, progress: @escaping @Sendable (Int, Int) -> Void) throws {
        let own = try description.subjects.map { record in
            let file = FinishedSubject.patches(record.id, in: folder)
            return FileManager.default.fileExists(atPath: file.path) ? try MappedFile(file) : nil
        }
        let isUnchanged = own.allSatisfy { $0 == nil } && before?.description.subjects.map(\.id) == description.subjects.map(\.id)
        if !isUnchanged {
            let places = description.subjects.map(place)
            let fresh = folder.root.appendingPathComponent("patches.new", isDirectory: true)
            try? FileManager.default.removeItem(at: fresh)
            let done = ProgressCount { progress($0, landmarks) }
            let results = parallel.map(landmarks) { landmark in
                Result {
                    // What is damaged must not get a checksum of its own.
                    if places.contains(where: { $0 != nil }) { try before?.store.requireWhole([landmark], parallel: Parallel(threads: 1)) }
                    try PatchStore.write(landmark: landmark, count: own.count, to: fresh) { subject, use in
                        if let file = own[subject] {
                            try use(
                                UnsafeRawBufferPointer(
                                    rebasing: file.bytes[landmark * PatchStore.patchBytes..<(landmark + 1) * PatchStore.patchBytes]))
                        } else if let before, let place = places[subject] {
                            try before.store.withPatch(landmark: landmark, subject: place) { try use(UnsafeRawBufferPointer($0)) }
                        } else {
                            throw Failure(
                                "the patches of \(description.subjects[subject].id) are gone from \(folder.finished.path); run `workbench prepare` again"
                            )
                        }
                    }
                    done.add()
                }
            }
            do { for result in results { try result.get() } } catch {
                try? FileManager.default.removeItem(at: fresh)
                throw error
            }
            // Without prepared.json the folder counts as unfinished: old and new never mix.
            try remove(folder.description)
            try remove(folder.patches)
            try move(fresh, to: folder.patches)
        }
        try folder.writeDescription(description)
        for record in description.subjects { try remove(FinishedSubject.patches(record.id, in: folder)) }
    }

    /// The subject's place in the store that is there, if its patches are of the same inputs, atlas and settings.
    private func place(of record: SubjectRecord) -> Int? {
        before?.description.subjects.firstIndex {
            $0.id == record.id && $0.imageChecksum == record.imageChecksum && $0.givenLungsChecksum == record.givenLungsChecksum
                && $0.atlasToSubject == record.atlasToSubject
        }
    }

    private func remove(_ file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        do { try FileManager.default.removeItem(at: file) } catch {
            throw Failure("cannot remove \(file.path): \(error.localizedDescription)")
        }
    }

    private func move(_ file: URL, to target: URL) throws {
        guard rename(file.path, target.path) == 0 else { throw Failure.system("move \(file.path) to \(target.path)") }
    }
}
