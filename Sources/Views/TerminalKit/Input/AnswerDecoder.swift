/// Takes the terminal's answers out of the keys, so that none is ever taken for a key, however late or broken into pieces it comes.
///
/// Answers begin with `ESC [ ?`, `ESC [` and a number, `ESC _`, `ESC P` or `ESC ]`: what could be one is held back until it is clear. `ESC` alone is
/// let go soon, since it is a key; where the rest of an answer follows after all, that is still one. Once the last answer has come nothing is held
/// any more. Pure: time is told to it.
package struct AnswerDecoder {
    /// How long `ESC`, and what may follow it and may be typed too, is held back, seconds.
    package static let keySeconds = 0.025
    /// How long the rest of an answer is waited for once it can be nothing else, seconds. Then it is dropped: nobody typed it.
    package static let answerSeconds = 2.0
    /// How long after an `ESC` that was let go the rest of an answer may begin, seconds.
    package static let lateSeconds = 0.5
    /// How long answers are waited for, seconds: the slowest links take less.
    package static let patience = 60.0
    private static let longest = 300

    private var held: [Key] = []
    private var lastInput = 0.0
    private var escapeLetGo: Double?
    /// Nil: nothing was asked, or all is answered.
    private var asked: Double?
    /// The `ESC` of what is held was let go before.
    private var isLate = false

    package init() {}

    /// The terminal was asked something.
    package mutating func begin(now: Double) { asked = now }

    package var isWaiting: Bool { asked != nil }

    /// The last answer has come: everything is a key from now on.
    package mutating func end() { asked = nil }

    /// When `decode` is to be called again although nothing further came.
    package var deadline: Double? { held.isEmpty ? nil : lastInput + patience }

    /// Nobody types `ESC [` as fast as a terminal sends it; a link may break it there.
    private var patience: Double {
        isAnswer ? Self.answerSeconds : held.count > 1 && !isLate ? Self.lateSeconds : Self.keySeconds
    }

    /// Whether what is held can be nothing but an answer.
    private var isAnswer: Bool {
        guard held.count >= 2 else { return false }
        if held[1] != .character("[") { return held.count >= 3 }
        return held.count >= 3 && held[2] == .character("?") || held.count >= 4 && held.contains(.character(";"))
    }

    /// What is no answer, and the answers: what follows `ESC`, without their ends.
    package mutating func decode(_ inputs: [PasteDecoder.Input], now: Double) -> (inputs: [PasteDecoder.Input], answers: [String]) {
        var (rest, answers): ([PasteDecoder.Input], [String]) = ([], [])
        if let deadline, now >= deadline {
            if isAnswer { (held, isLate) = ([], false) } else { release(&rest, at: lastInput) }
        }
        if let asked, now - asked > Self.patience { self.asked = nil }
        guard asked != nil || !held.isEmpty else { return (inputs, []) }
        if !inputs.isEmpty { lastInput = now }
        for input in inputs {
            guard case .key(let key) = input else {
                release(&rest, at: nil)
                rest.append(input)
                continue
            }
            take(key, now, &rest, &answers)
        }
        return (rest, answers)
    }

    private mutating func take(_ key: Key, _ now: Double, _ rest: inout [PasteDecoder.Input], _ answers: inout [String]) {
        if held.isEmpty {
            let isSoon = escapeLetGo.map { now - $0 < Self.lateSeconds } ?? false
            escapeLetGo = nil
            if key == .escape, asked != nil {
                held = [key]
            } else if isSoon, Self.introducers.contains(key) {
                (held, isLate) = ([.escape, key], true)
            } else {
                rest.append(.key(key))
            }
            return
        }
        switch Self.step(held, key) {
        case .goesOn: held.append(key)
        case .ends(let answer):
            (held, isLate) = ([], false)
            answers.append(answer)
        case .isNone:
            release(&rest, at: nil)
            take(key, now, &rest, &answers)
        }
        if held.count > Self.longest { (held, isLate) = ([], false) }
    }

    private mutating func release(_ rest: inout [PasteDecoder.Input], at time: Double?) {
        if held == [.escape] { escapeLetGo = time }
        rest += held.dropFirst(isLate ? 1 : 0).map { .key($0) }
        (held, isLate) = ([], false)
    }

    private enum Step {
        case goesOn
        case ends(String)
        case isNone
    }

    private static let introducers: Set<Key> = [.character("["), .character("_"), .character("P"), .character("]")]

    private static func step(_ held: [Key], _ key: Key) -> Step {
        guard held.count > 1 else { return introducers.contains(key) ? .goesOn : .isNone }
        func text(_ keys: some Sequence<Key>) -> String {
            var scalars = String.UnicodeScalarView()
            for case .character(let scalar) in keys { scalars.append(scalar) }
            return String(scalars)
        }
        if held[1] != .character("[") {
            // A string ends with `ESC \` or with BEL.
            if key == .control("g") { return .ends(text(held.dropFirst())) }
            if held.last == .escape, held.count > 2 {
                return key == .character("\\") ? .ends(text(held.dropFirst())) : .isNone
            }
            return held.count > 2 || isPlausible(held[1], key) ? .goesOn : .isNone
        }
        guard case .character(let scalar) = key else { return .isNone }
        let isFirst = held.count == 2
        if (48...59).contains(scalar.value) || (isFirst && scalar == "?") { return .goesOn }
        let isPrivate = held.count > 2 && held[2] == .character("?")
        if !isFirst, isPrivate ? ["c", "S"].contains(scalar) : scalar == "t" { return .ends(text(held.dropFirst()) + String(scalar)) }
        return .isNone
    }

    /// How a string goes on, as far as the questions ask for any.
    private static func isPlausible(_ introducer: Key, _ key: Key) -> Bool {
        switch introducer {
        case .character("_"): key == .character("G")
        case .character("P"): key == .character("0") || key == .character("1")
        default: key == .character("1")
        }
    }
}
