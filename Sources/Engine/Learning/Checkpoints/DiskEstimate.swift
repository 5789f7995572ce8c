import Foundation
import Foundations
import Network
import SessionFormat

/// What a run will need on the disk at most, before it begins.
package struct DiskEstimate: Equatable, Sendable {
    /// Both networks and the velocities, once for each checkpoint that is kept and one more while it is written.
    package let checkpointBytes: Int
    /// Keys of the bank's log, which is rewritten when it has grown to twice what is needed.
    package let bankLogBytes: Int
    package let journalBytes: Int
    package var bytes: Int { checkpointBytes + bankLogBytes + journalBytes }

    /// - Parameters:
    ///   - subjects: that are trained on; landmarks of the atlas.
    package init(settings: TrainingSettings, subjects: Int, landmarks: Int) {
        let parameters = PatchEncoder(architecture: EncoderArchitecture(experts: settings.experts)).parameters.values.count
        checkpointBytes = 3 * 4 * parameters * (settings.keepCheckpoints + 1)
        let batch = max(1, min(settings.batch, subjects))
        let steps = landmarks * (subjects / batch) * settings.epochs
        let record = batch * (4 + 4 * EncoderArchitecture.embedding) + BankLogRecord.header(hasChecksum: true)
        let kept = landmarks * settings.bankKeys(subjects: subjects) * (4 + 4 * EncoderArchitecture.embedding)
        let sinceOldest = settings.checkpointEvery * (settings.keepCheckpoints + 1) * record
        bankLogBytes = BankLogFile.header + min(steps * record, 2 * (kept + sinceOldest))
        journalBytes = steps * 380
    }

    /// Refuses where the disk has less room than that.
    package func check(_ session: SessionFolder) throws {
        guard let free = Self.freeBytes(session) else { return }
        guard free >= bytes else {
            throw Failure(
                "the run needs up to \(Self.text(bytes)) in \(session.root.path), where \(Self.text(free)) are free; make room, or keep fewer "
                    + "checkpoints (keepCheckpoints) or fewer keys (bankSize)")
        }
    }

    /// Room that is left where the session lies, or will lie; nil where the system does not tell.
    private static func freeBytes(_ session: SessionFolder) -> Int? {
        var place = session.root
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        var system = statvfs()
        guard statvfs(place.path, &system) == 0 else { return nil }
        return Int(clamping: UInt64(system.f_bavail) * UInt64(system.f_frsize))
    }

    /// The summary, with what is free where the session lies.
    package func summary(for session: SessionFolder) -> String {
        summary + (Self.freeBytes(session).map { "; \(Self.text($0)) free" } ?? "")
    }

    /// For example `1.2 GB: checkpoints 790 MB, bank 400 MB, journal 4 MB`.
    package var summary: String {
        "\(Self.text(bytes)): checkpoints \(Self.text(checkpointBytes)), bank \(Self.text(bankLogBytes)), journal \(Self.text(journalBytes))"
    }

    private static func text(_ bytes: Int) -> String {
        bytes >= 1_000_000_000
            ? String(format: "%.1f GB", Double(bytes) / 1e9) : String(format: "%.0f MB", (Double(bytes) / 1e6).rounded(.up))
    }
}
