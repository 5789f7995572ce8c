import CNcurses
import Foundation
import Foundations

/// The terminal of the process, through ncurses: the only file that calls curses. To be used from one thread.
package final class NcursesTerminal: Terminal {
    package private(set) var size: Size
    package let capabilities: Capabilities
    package private(set) var offers = TerminalOffers()
    private var encoder: FrameEncoder
    private var pictures = PictureEncoder.none
    /// What the encoders write for.
    private var shown: Capabilities
    private let signals: SelfPipe
    private var pastes = PasteDecoder()
    private var answers = AnswerDecoder()
    /// Came while answers were waited for.
    private var waiting: [TerminalInput] = []
    private var isOpen = true
    /// How long the first frame waits for answers at most, seconds: they change the screen whenever they come.
    private static let firstWait = 0.1

    package var inputDescriptor: Int32? { STDIN_FILENO }
    package var signalDescriptor: Int32? { signals.readEnd }

    /// Why this process's terminal cannot show screens, and what to do about it, in a sentence; nil where it can.
    package static func obstacle() -> String? {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return "input or output is not a terminal" }
        let name = ProcessInfo.processInfo.environment["TERM"] ?? ""
        let advice = "set it to what your terminal is, for example TERM=xterm-256color"
        if name.isEmpty { return "TERM is not set: \(advice)" }
        if name == "dumb" { return "TERM=dumb cannot place text: \(advice)" }
        switch cnc_probe(STDOUT_FILENO) {
        case 1: return nil
        case 0: return "a terminal of TERM=\(name.printable) cannot place text: \(advice)"
        default: return "TERM=\(name.printable) is not a terminal that this computer knows: \(advice)"
        }
    }

    /// What the terminal of this process can show; nil where it cannot place text (a file, a pipe, `dumb`, a TERM that terminfo does not
    /// know), which calls for the linear mode.
    package static func probe() -> Capabilities? {
        guard obstacle() == nil else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let name = environment["TERM"] ?? ""
        // Of the locale only the characters: numbers in files keep their point.
        setlocale(LC_CTYPE, "")
        let isUTF8 = String(cString: nl_langinfo(Int32(CODESET))).uppercased().contains("UTF")
        // These consoles' fonts lack braille, whatever the locale says.
        let isLimited = ["linux", "vt", "ansi", "cons"].contains { name.hasPrefix($0) }
        let colours: ColourDepth
        if let wish = environment["NO_COLOR"], !wish.isEmpty {
            colours = .mono
        } else {
            let count = Int(cnc_colours())
            let isDirect = count >= 1 << 24 || promisesDirectColour(environment)
            colours = isDirect ? .direct : count >= 256 ? .palette : count >= 16 ? .sixteen : count >= 8 ? .eight : .mono
        }
        return Capabilities(colours: colours, unicode: isUTF8 && !isLimited)
    }

    /// Whether the terminal is said to take colours of 24 bits: by the variable that terminals set for that, or by its description. GNU screen does
    /// not, whatever the variable of the terminal around it says.
    private static func promisesDirectColour(_ environment: [String: String]) -> Bool {
        if cnc_flag("RGB") == 1 || cnc_flag("Tc") == 1 { return true }
        return ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") && environment["STY"] == nil
    }

    /// Takes the terminal. Throws if it cannot be opened.
    package init(_ capabilities: Capabilities) throws {
        self.capabilities = capabilities
        shown = capabilities
        encoder = FrameEncoder(Self.language(capabilities.colours), capabilities.colours)
        signals = try SelfPipe()
        size = Self.windowSize() ?? Size(columns: 80, rows: 24)
        // Before ncurses, which installs handlers of its own only where there are none.
        cnc_watch_signals(signals.writeEnd)
        cnc_guard(STDIN_FILENO)
        guard cnc_open(STDIN_FILENO, STDOUT_FILENO) == 1 else {
            cnc_unguard()
            cnc_unwatch_signals()
            throw Failure("the terminal \(ProcessInfo.processInfo.environment["TERM"] ?? "") could not be opened; try --linear")
        }
        cnc_mouse(1)
        ask()
    }

    deinit { close() }

    package func close() {
        guard isOpen else { return }
        removePictures()
        isOpen = false
        cnc_close()
        cnc_unguard()
        cnc_unwatch_signals()
        signals.close()
    }

    // MARK: output

    package func present(_ frame: CellGrid) -> FrameCost {
        guard isOpen else { return FrameCost() }
        if let wanted = frame.capabilities, wanted != shown { change(to: wanted) }
        let cells = encoder.encode(frame)
        var bytes = encoder.bytes
        let drawn = frame.pictures.isEmpty && pictures.isEmpty && !encoder.wasCleared ? [] : pictures.encode(frame, encoder)
        if !drawn.isEmpty {
            encoder.forgetCursor()
            bytes += drawn
        }
        let begin = ContinuousClock.now
        send(bytes)
        return FrameCost(
            bytes: bytes.count, cells: cells, writeSeconds: (ContinuousClock.now - begin).seconds, pictureBytes: drawn.count)
    }

    private func send(_ bytes: [UInt8]) {
        var left = bytes[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                left = left.dropFirst(count)
            } else if errno == EAGAIN {
                // Someone made the terminal non-blocking: wait until it takes more.
                var waited = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                if poll(&waited, 1, 1000) <= 0 { break }
            } else if errno != EINTR {
                // Gone: the loop notices by itself.
                break
            }
        }
    }

    /// Other colours, or another way to draw pictures: everything is drawn anew.
    private func change(to wanted: Capabilities) {
        removePictures()
        if wanted.colours != shown.colours { encoder = FrameEncoder(Self.language(wanted.colours), wanted.colours) }
        shown = wanted
        pictures = PictureEncoder(wanted, registers: offers.registers ?? 256)
        // A crash leaves no picture behind either.
        cnc_guard_pictures(pictures.removal.map { CChar(bitPattern: $0) } + [0])
        redrawAll()
    }

    /// Takes what pictures there are off the terminal, before it is left.
    private func removePictures() {
        guard isOpen, !pictures.isEmpty else { return }
        send(pictures.removal + Self.language(shown.colours).clear)
        redrawAll()
    }

    private static func language(_ depth: ColourDepth) -> TerminalLanguage {
        TerminalLanguage(
            colours: depth == .mono ? 0 : depth.rawValue,
            text: { name, numbers in
                var buffer = [CChar](repeating: 0, count: 256)
                let count = cnc_capability(
                    name, Int32(numbers.first ?? 0), Int32(numbers.count > 1 ? numbers[1] : 0), &buffer, Int32(buffer.count))
                return buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
            }, flag: { cnc_flag($0) == 1 })
    }

    package func resize() {
        noteCell()
        if !offers.isMultiplexed, offers.kitty || offers.sixel { send(Array(TerminalQuestion.sizes.utf8)) }
        guard let found = Self.windowSize(), found != size else { return }
        size = found
        cnc_resize(Int32(found.rows), Int32(found.columns))
        // Terminals rewrap or cut their text on a resize: what they show now is not known.
        redrawAll()
    }

    package func redrawAll() { encoder.forget() }

    package func captureMouse(_ on: Bool) { cnc_mouse(on ? 1 : 0) }

    package func suspend() {
        removePictures()
        cnc_leave()
        cnc_stop()
        retake()
    }

    package func retake() {
        cnc_retake()
        redrawAll()
        resize()
    }

    private static func windowSize() -> Size? {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return nil }
        return Size(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }

    // MARK: input

    /// A cell's pixels, where the system knows them: ssh passes them on.
    private func noteCell() {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0, window.ws_xpixel > 0,
            window.ws_ypixel > 0
        else { return }
        offers.cell = PixelSize(width: Int(window.ws_xpixel / window.ws_col), height: Int(window.ws_ypixel / window.ws_row))
    }

    /// Asks what the terminal offers. A tmux or a screen would answer for itself, consoles know no questions.
    private func ask() {
        noteCell()
        let environment = ProcessInfo.processInfo.environment
        let name = environment["TERM"] ?? ""
        offers.isMultiplexed =
            environment["TMUX"] != nil || environment["STY"] != nil || name.hasPrefix("tmux") || name.hasPrefix("screen")
        guard !offers.isMultiplexed, capabilities.unicode, capabilities.colours != .mono else { return }
        answers.begin(now: Self.now)
        send(Array(TerminalQuestion.all.utf8))
        let end = Self.now + Self.firstWait
        while answers.isWaiting, Self.now < end {
            var waited = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&waited, 1, Int32(max(1, (end - Self.now) * 1000))) > 0, Int32(waited.revents) & POLLIN != 0 else { break }
            waiting += takeInput()
        }
    }

    package func takeInput() -> [TerminalInput] {
        let earlier = waiting
        waiting = []
        let before = offers
        let (inputs, found) = answers.decode(readKeys(), now: Self.now)
        for answer in found where TerminalQuestion.fold(answer, into: &offers, size: size) { answers.end() }
        let told: [TerminalInput] = offers == before ? [] : [.offers(offers)]
        return earlier + told + pastes.decode(inputs, now: Self.now)
    }

    private func readKeys() -> [PasteDecoder.Input] {
        var found: [PasteDecoder.Input] = []
        var value: Int32 = 0
        while found.count < 1000 {
            switch cnc_key(&value) {
            case 0: if let key = Self.character(value) { found.append(.key(key)) }
            case 1: if let input = keyCode(value) { found.append(.other(input)) }
            case 2: found.append(.pasteBegins)
            case 3: found.append(.pasteEnds)
            default: return found
            }
        }
        return found
    }

    package var inputDeadline: Double? {
        [pastes.deadline, answers.deadline].compactMap { $0 }.min().map { max(0, $0 - Self.now) }
    }

    /// Seconds of a clock that goes on evenly.
    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func character(_ value: Int32) -> Key? {
        switch value {
        case 9: return .tab
        case 10, 13: return .enter
        case 27: return .escape
        case 8, 127: return .backspace
        case 1...26: return .control(Unicode.Scalar(UInt8(value) + 96))
        case 0...31: return nil
        default: return Unicode.Scalar(UInt32(value)).map { .character($0) }
        }
    }

    private func keyCode(_ value: Int32) -> TerminalInput? {
        switch value {
        case KEY_UP: return .key(.up)
        case KEY_DOWN: return .key(.down)
        case KEY_LEFT: return .key(.left)
        case KEY_RIGHT: return .key(.right)
        case KEY_HOME: return .key(.home)
        case KEY_END: return .key(.end)
        case KEY_PPAGE: return .key(.pageUp)
        case KEY_NPAGE: return .key(.pageDown)
        case KEY_BTAB: return .key(.backTab)
        case KEY_ENTER: return .key(.enter)
        case KEY_BACKSPACE: return .key(.backspace)
        case KEY_DC: return .key(.delete)
        case KEY_MOUSE:
            var column: Int32 = 0
            var row: Int32 = 0
            let action = Int(cnc_mouse_event(&column, &row))
            guard Self.actions.indices.contains(action - 1) else { return nil }
            return .mouse(Mouse(Self.actions[action - 1], column: Int(column), row: Int(row)))
        case Self.functionKeys: return .key(.function(Int(value - Self.functionKeys.lowerBound)))
        default: return nil
        }
    }

    /// As `cnc_mouse_event` numbers them, from 1.
    private static let actions: [Mouse.Action] = [
        .press, .wheelUp, .wheelDown, .release, .drag, .pressRight, .dragRight, .pressMiddle, .dragMiddle, .zoomIn, .zoomOut,
    ]

    /// KEY_F(1) … KEY_F(12), macros in C.
    private static let functionKeys = Int32(0o410)...Int32(0o410 + 12)

    package func takeSignals() -> [TerminalSignal] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(signals.readEnd, &bytes, bytes.count)
        guard count > 0 else { return [] }
        return bytes.prefix(count).compactMap { byte in
            switch Int32(byte) {
            case SIGWINCH: .resized
            case SIGTSTP: .suspend
            case SIGCONT: .continued
            case SIGHUP: .hangUp
            case SIGINT, SIGTERM: .terminate(Int32(byte))
            default: nil
            }
        }
    }
}
