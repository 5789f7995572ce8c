import Foundations

/// The signs of pictures of screens that the font lacks, in 6 × 12 dots: lines, blocks and braille, which have to meet at the edges of their cells.
enum BitmapFont {
    /// A cell, in dots.
    static let width = 6
    static let height = 12

    /// The dots of a glyph: one number a row, bit 5 the leftmost dot.
    static func rows(_ glyph: Unicode.Scalar) -> [UInt8] {
        switch glyph.value {
        case 0x2800...0x28FF: return braille(glyph.value & 0xFF)
        default: return shape(glyph)
        }
    }

    private static func braille(_ bits: UInt32) -> [UInt8] {
        let order: [(Int, Int)] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
        var rows = [UInt8](repeating: 0, count: height)
        for (bit, dot) in order.enumerated() where bits >> UInt32(bit) & 1 == 1 {
            let mask: UInt8 = dot.0 == 0 ? 0b110000 : 0b000110
            rows[dot.1 * 3] |= mask
            rows[dot.1 * 3 + 1] |= mask
        }
        return rows
    }

    private static let full: UInt8 = 0b111111

    private static func shape(_ glyph: Unicode.Scalar) -> [UInt8] {
        func rows(_ bits: (Int) -> UInt8) -> [UInt8] { (0..<height).map(bits) }
        switch glyph {
        case " ": return rows { _ in 0 }
        case "─", "╌", "┈": return rows { $0 == 6 ? full : 0 }
        case "━": return rows { $0 == 5 || $0 == 6 ? full : 0 }
        case "│", "┃", "▏": return rows { _ in 0b001000 }
        case "┊", "┆": return rows { $0 % 3 == 0 ? 0 : 0b001000 }
        case "┤": return rows { $0 == 6 ? 0b111000 : 0b001000 }
        case "├": return rows { $0 == 6 ? 0b001111 : 0b001000 }
        case "╭", "┌": return rows { $0 == 6 ? 0b001111 : $0 > 6 ? 0b001000 : 0 }
        case "╮", "┐": return rows { $0 == 6 ? 0b111000 : $0 > 6 ? 0b001000 : 0 }
        case "╰", "└": return rows { $0 == 6 ? 0b001111 : $0 < 6 ? 0b001000 : 0 }
        case "╯", "┘": return rows { $0 == 6 ? 0b111000 : $0 < 6 ? 0b001000 : 0 }
        case "▘", "▝", "▖", "▗", "▌", "▐", "▛", "▜", "▙", "▟":
            let quadrants: [Unicode.Scalar: UInt8] = [
                "▘": 1, "▝": 2, "▖": 4, "▗": 8, "▌": 5, "▐": 10, "▛": 7, "▜": 11, "▙": 13, "▟": 14,
            ]
            let bits = quadrants[glyph] ?? 0
            return rows { row in
                let pair = row < 6 ? bits & 3 : bits >> 2
                return (pair & 1 == 1 ? 0b111000 : 0) | (pair & 2 == 2 ? 0b000111 : 0)
            }
        case _ where (0x1FB00...0x1FB3B).contains(glyph.value):
            // Sextants, of which 0, 21, 42 and 63 have older characters.
            var bits = Int(glyph.value) - 0x1FB00 + 1
            if bits >= 21 { bits += 1 }
            if bits >= 42 { bits += 1 }
            return rows { row in
                let pair = bits >> (row / 4 * 2)
                return (pair & 1 == 1 ? 0b111000 : 0) | (pair & 2 == 2 ? 0b000111 : 0)
            }
        case "▀": return rows { $0 < 6 ? full : 0 }
        case "▄": return rows { $0 < 6 ? 0 : full }
        case "█": return rows { _ in full }
        case "▞": return rows { $0 < 6 ? 0b000111 : 0b111000 }
        case "▚": return rows { $0 < 6 ? 0b111000 : 0b000111 }
        default: return rows { $0 > 1 && $0 < 10 ? ($0 == 2 || $0 == 9 ? 0b111110 : 0b100010) : 0 }
        }
    }
}
