import Foundation
import Foundations
import SessionFormat
import TestSupport
import Testing

@Suite("The lock of a session, its name and its end")
struct SessionFolderTests {
    @Test("a second process is refused by the lock, and let in when the first is gone")
    func lock() throws {
        let folder = try ScratchFolder()
        let session = SessionFolder(folder.file("session"))
        do {
            let held = try FileLock(session)
            let failure = #expect(throws: Failure.self) { try FileLock(session) }
            #expect(failure?.description.contains("being worked on by another process (process \(getpid())") == true)
            #expect(FileLock.isHeld(session))
            withExtendedLifetime(held) {}
        }
        #expect(!FileLock.isHeld(session))
        _ = try FileLock(session)
    }

    @Test("a session that is worked on is neither renamed nor deleted; a folder that is no session is not deleted")
    func care() throws {
        let folder = try ScratchFolder()
        let session = SessionFolder(folder.file("a"))
        do {
            let lock = try FileLock(session)
            #expect(throws: Failure.self) { try session.rename(to: "b") }
            withExtendedLifetime(lock) {}
        }
        #expect(throws: Failure.self) { try session.delete() }
        #expect(throws: Failure.self) { try session.rename(to: "../b") }
        try Journal(session).append(.fault(RunFault(message: "x")))
        let renamed = try session.rename(to: "b")
        try renamed.write(note: "hello")
        #expect(try String(contentsOf: renamed.note, encoding: .utf8) == "hello\n")
        try renamed.delete()
        #expect(!FileManager.default.fileExists(atPath: renamed.root.path))
        // Whoever types fast writes on a session that is gone: that makes none.
        #expect(throws: Failure.self) { try renamed.write(note: "late") }
        #expect(!FileManager.default.fileExists(atPath: renamed.root.path))
        // One that was set up and never begun has no journal.
        let trial = try SessionTrial()
        try trial.session.delete()
        #expect(!FileManager.default.fileExists(atPath: trial.session.root.path))
    }
}
