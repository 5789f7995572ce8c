/// Pictures in the terminal's own language.
package enum PictureEncoder {
    case none
    case kitty(KittyEncoder)
    case sixel(SixelEncoder)

    package init(_ capabilities: Capabilities, registers: Int = 256) {
        switch capabilities.graphics {
        case .cells: self = .none
        case .kitty: self = .kitty(KittyEncoder(cell: capabilities.cell))
        case .sixel:
            self = .sixel(SixelEncoder(cell: capabilities.cell, registers: registers, background: capabilities.background))
        }
    }

    package var isEmpty: Bool {
        switch self {
        case .none: true
        case .kitty(let kitty): kitty.isEmpty
        case .sixel(let sixel): sixel.isEmpty
        }
    }

    /// The bytes that change the pictures from the last frame to this one, after its cells were written.
    package mutating func encode(_ frame: CellGrid, _ cells: FrameEncoder) -> [UInt8] {
        switch self {
        case .none: return []
        case .kitty(var kitty):
            self = .none
            let bytes = kitty.encode(frame, wasCleared: cells.wasCleared)
            self = .kitty(kitty)
            return bytes
        case .sixel(var sixel):
            self = .none
            let bytes = sixel.encode(frame, touched: cells.touched, wasCleared: cells.wasCleared)
            self = .sixel(sixel)
            return bytes
        }
    }

    /// Takes every picture off the terminal: those of sixel go with their cells.
    package var removal: [UInt8] {
        if case .kitty = self { return KittyEncoder.removeAll }
        return []
    }
}
