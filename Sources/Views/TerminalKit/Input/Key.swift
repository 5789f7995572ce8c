/// A key press, as the terminal tells it.
package enum Key: Hashable, Sendable {
    case character(Unicode.Scalar)
    case control(Unicode.Scalar)
    case up, down, left, right, home, end, pageUp, pageDown
    case tab, backTab, enter, escape, backspace, delete
    /// F1 … F12.
    case function(Int)

    private static let names: [(Key, String)] = [
        (.up, "Up"), (.down, "Down"), (.left, "Left"), (.right, "Right"), (.home, "Home"), (.end, "End"), (.pageUp, "PgUp"),
        (.pageDown, "PgDn"), (.tab, "Tab"), (.backTab, "S-Tab"), (.enter, "Enter"), (.escape, "Esc"), (.backspace, "Backspace"),
        (.delete, "Delete"), (.character(" "), "Space"),
    ]

    /// As shown in help and written in tapes: `a`, `C-l`, `PgDn`, `Space`.
    package var name: String {
        if let found = Self.names.first(where: { $0.0 == self }) { return found.1 }
        switch self {
        case .character(let scalar): return String(scalar)
        case .control(let scalar): return "C-\(scalar)"
        case .function(let number): return "F\(number)"
        default: preconditionFailure("Key: \(self) has no name in the table")
        }
    }

    package init?(name: String) {
        if let found = Self.names.first(where: { $0.1 == name }) {
            self = found.0
            return
        }
        let scalars = Array(name.unicodeScalars)
        if scalars.count == 1 {
            self = .character(scalars[0])
        } else if scalars.count == 3, scalars[0] == "C", scalars[1] == "-" {
            self = .control(scalars[2])
        } else if scalars.first == "F", let number = Int(name.dropFirst()), (1...12).contains(number) {
            self = .function(number)
        } else {
            return nil
        }
    }
}

/// What the mouse did, with the cell under it.
package struct Mouse: Hashable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case press, wheelUp, wheelDown
        /// With the left button held, and let go.
        case drag, release
        /// The right button: pressed, and moved while held.
        case pressRight, dragRight
        /// The middle button.
        case pressMiddle, dragMiddle
        /// The wheel with Ctrl.
        case zoomIn, zoomOut
    }
    package var action: Action
    package var column, row: Int

    package init(_ action: Action, column: Int, row: Int) {
        self.action = action
        self.column = column
        self.row = row
    }
}
