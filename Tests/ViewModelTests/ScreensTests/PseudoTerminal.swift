import Foundation

/// A pseudo-terminal with a program in it, for tests of the real thing.
final class PseudoTerminal {
    /// TIOCSPTLCK and TIOCGPTN.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430
    private let master: Int32
    private var isLost = false
    private let name: String
    private(set) var process: pid_t = 0
    private(set) var output = Data()
    let modesBefore: termios

    init?(columns: UInt16, rows: UInt16) {
        // posix_openpt and its like are not imported (they hide behind _XOPEN_SOURCE): this is what they do on Linux.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard master >= 0, ioctl(master, Self.setLock, &locked) == 0, ioctl(master, Self.getNumber, &number) == 0 else { return nil }
        name = "/dev/pts/\(number)"
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var modes = termios()
        tcgetattr(master, &modes)
        modesBefore = modes
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        _ = fcntl(master, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        if process > 0, !hasExited { kill(process, SIGKILL) }
        if !isLost { close(master) }
    }

    /// Starts a program as leader of a session whose terminal this is.
    func start(_ program: String, _ arguments: [String], environment: [String: String]) -> Bool {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        // The first terminal that a session leader opens becomes its controlling one.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // POSIX_SPAWN_SETSID and POSIX_SPAWN_SETSIGMASK: the threads that tests run on block signals, and masks are inherited.
        posix_spawnattr_setflags(&attributes, 0x80 | 0x08)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        return posix_spawn(&process, program, &actions, &attributes, &argv, &envp) == 0
    }

    func type(_ text: String) { _ = text.withCString { write(master, $0, strlen($0)) } }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Reads what the program writes for so many seconds, or until `done` says that it is enough.
    @discardableResult
    func read(seconds: Double, until done: (Data) -> Bool = { _ in false }) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while ContinuousClock.now < end {
            if done(output) { return true }
            var waited = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&waited, 1, 20) > 0 else { continue }
            let count = Foundation.read(master, &buffer, buffer.count)
            if count > 0 { output.append(contentsOf: buffer[0..<count]) } else if hasExited { break }
        }
        return done(output)
    }

    /// Takes at most so many bytes, as a link does that is slow.
    func trickle(_ limit: Int) {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Foundation.read(master, &buffer, limit)
        if count > 0 { output.append(contentsOf: buffer[0..<count]) }
    }

    /// Waits for text, and forgets what was written before and with it.
    func wait(for text: String, seconds: Double = 60) -> Bool {
        let found = read(seconds: seconds) { $0.range(of: Data(text.utf8)) != nil }
        if found { output = Data() }
        return found
    }

    private var status: Int32?

    private var hasExited: Bool {
        if status != nil { return true }
        var value: Int32 = 0
        if waitpid(process, &value, WNOHANG) == process { status = value }
        return status != nil
    }

    /// The exit status as `waitpid` tells it; nil where the program does not end in time.
    func exitStatus(seconds: Double = 60) -> Int32? {
        read(seconds: seconds) { _ in self.hasExited }
        // What it wrote last may not have been read yet.
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = Foundation.read(master, &buffer, buffer.count), count > 0 { output.append(contentsOf: buffer[0..<count]) }
        return status
    }

    var modesNow: termios {
        var modes = termios()
        tcgetattr(master, &modes)
        return modes
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// Goes away, as the terminal of a connection that drops.
    func lose() {
        isLost = true
        close(master)
    }
}

func sameModes(_ a: termios, _ b: termios) -> Bool {
    a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag && a.c_lflag == b.c_lflag
}
