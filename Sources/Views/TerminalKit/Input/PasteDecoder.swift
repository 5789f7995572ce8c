/// Tells pasted text from keys: what lies between `ESC [ 200 ~` and `ESC [ 201 ~` was pasted.
///
/// ncurses knows the two marks when they come in one piece. Where a slow link takes one apart, its letters come as keys, `ESC` first; they are held
/// back until it is clear what they are, or until too long nothing further came. `ESC` alone is most often the key: it is let go before anybody
/// feels that it was held, and where the rest of a mark follows after all, that is still the mark. A paste whose end is lost ends when nothing has come for a while,
/// so that the keyboard is never lost. Pure: time is told to it.
package struct PasteDecoder {
    package enum Input: Equatable, Sendable {
        case key(Key)
        /// Mouse, and keys that are no letter.
        case other(TerminalInput)
        case pasteBegins
        case pasteEnds
    }

    /// How long `ESC` alone is held back, seconds. ncurses has waited 25 ms before.
    package static let escapeSeconds = 0.025
    /// How long the rest of a mark is waited for, seconds.
    package static let markSeconds = 0.5
    /// How long after an `ESC` that was let go the rest of a mark may begin, seconds.
    package static let lateSeconds = 0.5
    /// How long a paste may stand still, seconds.
    package static let stillSeconds = 1.0
    /// Characters kept of a paste: no field of text takes as many.
    package static let mostCharacters = 4096

    private static let mark: [Key] = [.escape] + "[20".unicodeScalars.map { Key.character($0) }

    /// The beginning of a mark that came as keys.
    private var held: [Key] = []
    /// The `ESC` of what is held was let go before.
    private var isLate = false
    /// When an `ESC` came that was let go and nothing after it.
    private var escapeLetGo: Double?
    /// What was pasted so far; nil outside of a paste.
    private var pasted: String.UnicodeScalarView?
    private var count = 0
    private var lastInput = 0.0

    package init() {}

    /// When `decode` is to be called again although nothing further came.
    package var deadline: Double? {
        if !held.isEmpty { return lastInput + patience }
        return pasted == nil ? nil : lastInput + Self.stillSeconds
    }

    private var patience: Double { held == [.escape] ? Self.escapeSeconds : Self.markSeconds }

    /// What the inputs mean.
    /// - Parameter now: seconds of a clock that goes on evenly.
    package mutating func decode(_ inputs: [Input], now: Double) -> [TerminalInput] {
        var found: [TerminalInput] = []
        if !held.isEmpty, now - lastInput >= patience {
            if held == [.escape] { escapeLetGo = lastInput }
            release(&found)
        }
        if pasted != nil, now - lastInput >= Self.stillSeconds { end(&found) }
        if !inputs.isEmpty { lastInput = now }
        for input in inputs {
            switch input {
            case .pasteBegins:
                release(&found)
                begin()
            case .pasteEnds:
                release(&found)
                end(&found)
            case .key(let key):
                let isSoon = escapeLetGo.map { now - $0 < Self.lateSeconds } ?? false
                escapeLetGo = nil
                if isSoon, key == Self.mark[1] { (held, isLate) = ([.escape, key], true) } else { take(key, &found) }
            case .other(let other):
                escapeLetGo = nil
                release(&found)
                if pasted == nil { found.append(other) }
            }
        }
        return found
    }

    private mutating func take(_ key: Key, _ found: inout [TerminalInput]) {
        if Self.continues(held, with: key) {
            held.append(key)
            guard held.count == Self.mark.count + 2 else { return }
            let begins = held[Self.mark.count] == .character("0")
            (held, isLate) = ([], false)
            if begins { begin() } else { end(&found) }
            return
        }
        release(&found)
        if key == .escape { held = [key] } else { pass(key, &found) }
    }

    /// Whether a key goes on with a mark, `ESC [ 2 0 0 ~` or `ESC [ 2 0 1 ~`.
    private static func continues(_ held: [Key], with key: Key) -> Bool {
        switch held.count {
        case 0: false
        case 1..<mark.count: key == mark[held.count]
        case mark.count: key == .character("0") || key == .character("1")
        default: key == .character("~")
        }
    }

    /// What was held back is no mark.
    private mutating func release(_ found: inout [TerminalInput]) {
        let keys = held.dropFirst(isLate ? 1 : 0)
        (held, isLate) = ([], false)
        for key in keys { pass(key, &found) }
    }

    private mutating func pass(_ key: Key, _ found: inout [TerminalInput]) {
        guard pasted != nil else {
            found.append(.key(key))
            return
        }
        // Keys that are no text, Enter and Tab among them, are dropped.
        guard case .character(let scalar) = key else { return }
        count += 1
        if count <= Self.mostCharacters { pasted?.append(scalar) }
    }

    private mutating func begin() {
        if pasted == nil { (pasted, count) = (String.UnicodeScalarView(), 0) }
    }

    private mutating func end(_ found: inout [TerminalInput]) {
        guard let text = pasted else { return }
        pasted = nil
        found.append(.paste(String(text)))
    }
}
