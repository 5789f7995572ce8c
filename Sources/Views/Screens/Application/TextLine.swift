import TerminalKit

/// A line of text that is being typed, with its cursor.
package struct TextLine: Equatable, Sendable {
    private var scalars: [Unicode.Scalar]
    /// Characters before the cursor.
    package private(set) var cursor: Int
    /// All of it is selected: what is typed replaces it.
    package private(set) var isSelected: Bool

    package init(_ text: String, selected: Bool = false) {
        scalars = Array(text.unicodeScalars)
        cursor = scalars.count
        isSelected = selected && !text.isEmpty
    }

    package var text: String { Self.string(scalars[...]) }
    package var beforeCursor: String { Self.string(scalars[..<cursor]) }
    package var afterCursor: String { Self.string(scalars[cursor...]) }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Types a key: characters, Backspace, Delete and C-u change the text, Left, Right, Home and End move the cursor.
    mutating func type(_ key: Key, atMost limit: Int) {
        let replaces = isSelected
        isSelected = false
        switch key {
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(scalars.count, cursor + 1)
        case .home: cursor = 0
        case .end: cursor = scalars.count
        case .control("u"): clear()
        case .backspace where replaces, .delete where replaces: clear()
        case .backspace where cursor > 0:
            cursor -= 1
            scalars.remove(at: cursor)
        case .delete where cursor < scalars.count: scalars.remove(at: cursor)
        case .character(let scalar):
            if replaces { clear() }
            guard scalars.count < limit else { break }
            scalars.insert(scalar, at: cursor)
            cursor += 1
        default: isSelected = replaces
        }
    }

    private mutating func clear() {
        scalars = []
        cursor = 0
    }
}

extension Painter {
    /// A line that is being typed; of a longer one the part about its cursor.
    mutating func line(_ line: TextLine, row: Int, column: Int, width: Int, _ style: Style, cursor: Style = .key) {
        let shown = ending(line.beforeCursor, columns: max(1, width - 2))
        let text = line.isSelected ? .selected : style
        spans([(shown, text), ("▏", cursor), (line.afterCursor, text)], row: row, column: column, width: width)
    }
}
