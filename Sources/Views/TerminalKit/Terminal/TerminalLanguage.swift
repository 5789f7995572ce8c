/// The strings that a terminal understands, for what a frame needs.
package struct TerminalLanguage: Sendable {
    package var clear: [UInt8]
    /// Plain colours and attributes.
    package var reset: [UInt8]
    /// Plain colours, attributes kept; empty where the terminal has no such thing.
    package var defaultColours: [UInt8]
    /// Bold, dim, reversed, underlined, in the order of `Style.Attributes`.
    package var attributes: [[UInt8]]
    /// By colour number; empty in 24 bits.
    private var foregrounds, backgrounds: [[UInt8]]
    /// Erases from the cursor to the end of the row; empty where the terminal cannot.
    package var eraseToEnd: [UInt8]
    /// True where a character in the last cell of the screen does not scroll it.
    package var cornerIsSafe: Bool
    private let mover: Mover
    private let jumps: [[UInt8]]

    /// - Parameters:
    ///   - text: a capability by its terminfo name with numbers filled in; empty where the terminal lacks it.
    ///   - flag: a terminfo flag.
    package init(colours: Int, text: (String, [Int]) -> [UInt8], flag: (String) -> Bool) {
        clear = text("clear", [])
        reset = text("sgr0", [])
        defaultColours = text("op", [])
        attributes = ["bold", "dim", "rev", "smul"].map { text($0, []) }
        let numbered = colours > 256 ? 0 : colours
        foregrounds = (0..<numbered).map { text("setaf", [$0]) }
        backgrounds = (0..<numbered).map { text("setab", [$0]) }
        // Erasing with plain colours needs no promise about the background.
        eraseToEnd = text("el", [])
        cornerIsSafe = flag("xenl") || !flag("am")
        jumps = (0..<256).map { $0 == 0 ? [] : text("cuf", [$0]) }
        mover = TerminalLanguage.mover(text)
    }

    /// Sets the colour of what is written next, and of what lies behind it.
    func ink(_ colour: Int) -> [UInt8] { foregrounds.isEmpty ? Self.direct(38, colour) : foregrounds[colour] }
    func paper(_ colour: Int) -> [UInt8] { backgrounds.isEmpty ? Self.direct(48, colour) : backgrounds[colour] }

    /// As every terminal of 24 bits takes it (ISO 8613-6, with semicolons).
    private static func direct(_ kind: Int, _ colour: Int) -> [UInt8] {
        Array("\u{1B}[\(kind);2;\(colour >> 16 & 255);\(colour >> 8 & 255);\(colour & 255)m".utf8)
    }

    /// How the cursor is sent to a cell.
    private enum Mover: Sendable {
        /// As ECMA-48 has it, where ones can be left out.
        case standard
        /// By row and column, for the sizes that terminals of another language have.
        case table([[UInt8]], columns: Int)
    }

    private static func mover(_ text: (String, [Int]) -> [UInt8]) -> Mover {
        let sample = String(decoding: text("cup", [21, 42]), as: UTF8.self)
        let other = String(decoding: text("cup", [0, 0]), as: UTF8.self)
        if sample == "\u{1B}[22;43H", other == "\u{1B}[1;1H" { return .standard }
        let columns = 300
        return .table((0..<100).flatMap { row in (0..<columns).map { text("cup", [row, $0]) } }, columns: columns)
    }

    /// Goes to a cell, counted from 0.
    func move(_ row: Int, _ column: Int) -> [UInt8] {
        switch mover {
        case .standard:
            let numbers = row == 0 && column == 0 ? "" : column == 0 ? "\(row + 1)" : "\(row + 1);\(column + 1)"
            return Array("\u{1B}[\(numbers)H".utf8)
        case .table(let all, let columns): return all[min(row * columns + min(column, columns - 1), all.count - 1)]
        }
    }

    /// Goes to the right by so many cells; nil where the terminal cannot.
    func right(_ count: Int) -> [UInt8]? {
        jumps.indices.contains(count) && !jumps[count].isEmpty ? jumps[count] : nil
    }

    /// What xterm and everything like it understands, for measuring without a terminal.
    package static func xterm(_ depth: ColourDepth) -> TerminalLanguage {
        func colour(_ number: Int, _ base: Int) -> String {
            number < 8 ? "\(base + number)" : number < 16 ? "\(base + 52 + number)" : "\(base + 8);5;\(number)"
        }
        return TerminalLanguage(
            colours: depth == .mono ? 0 : depth.rawValue,
            text: { name, numbers in
                let text =
                    switch name {
                    case "clear": "\u{1B}[H\u{1B}[2J"
                    case "sgr0": "\u{1B}(B\u{1B}[m"
                    case "op": "\u{1B}[39;49m"
                    case "bold": "\u{1B}[1m"
                    case "dim": "\u{1B}[2m"
                    case "rev": "\u{1B}[7m"
                    case "smul": "\u{1B}[4m"
                    case "setaf": "\u{1B}[\(colour(numbers[0], 30))m"
                    case "setab": "\u{1B}[\(colour(numbers[0], 40))m"
                    case "el": "\u{1B}[K"
                    case "cup": "\u{1B}[\(numbers[0] + 1);\(numbers[1] + 1)H"
                    case "cuf": numbers[0] == 1 ? "\u{1B}[C" : "\u{1B}[\(numbers[0])C"
                    default: ""
                    }
                return Array(text.utf8)
            }, flag: { $0 == "am" || $0 == "xenl" })
    }
}
