import Foundations

extension FileLock {
    /// Takes a session's lock.
    /// - Throws: `Failure` naming the process that holds it.
    package convenience init(_ session: SessionFolder) throws {
        try self.init(
            session.lock, of: "the session \(session.root.path)", advice: "watch and steer it with `workbench attach`, or stop it first",
            control: session.control)
    }

    /// True while some process, this one included, works on the session. Asking takes no lock and so disturbs nobody.
    package static func isHeld(_ session: SessionFolder) -> Bool { isHeld(session.lock) }
}
