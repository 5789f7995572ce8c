/// A colour of the canvas: 24-bit sRGB, or the terminal's own default. Terminals with fewer colours get the nearest one they have.
package struct Colour: Hashable, Sendable {
    /// 0x00RRGGBB, or all ones for the terminal's default.
    private let packed: UInt32

    private init(packed: UInt32) { self.packed = packed }

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        packed = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }

    /// From 0xRRGGBB.
    package init(hex: UInt32) { packed = hex & 0xFF_FFFF }

    package init(grey: UInt8) { self.init(grey, grey, grey) }

    /// The terminal's own foreground or background.
    package static let terminal = Colour(packed: .max)

    package var isTerminal: Bool { packed == .max }
    package var red: Int { Int(packed >> 16 & 255) }
    package var green: Int { Int(packed >> 8 & 255) }
    package var blue: Int { Int(packed & 255) }
    /// Relative brightness, 0…255.
    package var brightness: Int { (red * 54 + green * 183 + blue * 19) >> 8 }

    package var isGrey: Bool { !isTerminal && red == green && green == blue }

    /// The nearest of four levels of each part: neighbouring slices then differ in few cells.
    package var coarse: Colour {
        func level(_ value: Int) -> UInt8 { UInt8((value * 3 + 127) / 255 * 255 / 3) }
        return isTerminal ? self : Colour(level(red), level(green), level(blue))
    }

    /// The mixture (1 - weight) · self + weight · other; weight in 0…1.
    package func mixed(with other: Colour, _ weight: Float) -> Colour {
        func mix(_ a: Int, _ b: Int) -> UInt8 { UInt8(max(0, min(255, (Float(a) + (Float(b) - Float(a)) * weight).rounded()))) }
        return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
    }
}

/// How many colours a terminal shows.
package enum ColourDepth: Int, Sendable, CaseIterable {
    case mono = 1
    case eight = 8
    case sixteen = 16
    case palette = 256
    /// 24 bits.
    case direct = 16_777_216

    /// Whether pictures can be made of half-blocks: each cell then has its own two colours.
    package var isRich: Bool { self == .palette || self == .direct }

    /// The terminal's number for the nearest colour, in 24 bits 0xRRGGBB; -1 for its default, and always in mono.
    package func index(of colour: Colour) -> Int {
        if colour.isTerminal { return -1 }
        switch self {
        case .mono: return -1
        case .eight: return Self.ansiIndex(of: colour, bright: false)
        case .sixteen: return Self.ansiIndex(of: colour, bright: true)
        case .palette: return Self.paletteIndex(of: colour)
        case .direct: return colour.red << 16 | colour.green << 8 | colour.blue
        }
    }

    /// xterm's colours 0…15, as 0xRRGGBB.
    private static let ansi: [UInt32] = [
        0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x3060EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5, 0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C9CFF,
        0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]

    /// Greys by brightness, so that faint text never turns blue; colours by hue alone, so that dark ones never turn black.
    private static func ansiIndex(of colour: Colour, bright: Bool) -> Int {
        let highest = max(colour.red, colour.green, colour.blue)
        if highest - min(colour.red, colour.green, colour.blue) < 50 {
            return colour.brightness < 48 ? 0 : !bright ? 7 : colour.brightness < 150 ? 8 : colour.brightness < 235 ? 7 : 15
        }
        let (red, green, blue) = (colour.red * 255 / highest, colour.green * 255 / highest, colour.blue * 255 / highest)
        let hues = bright ? 9...14 : 1...6
        func distance(_ index: Int) -> Int {
            let value = ansi[index]
            let top = Int(max(value >> 16, value >> 8 & 255, value & 255))
            return squaredDistance(
                Colour(UInt8(red), UInt8(green), UInt8(blue)), Int(value >> 16) * 255 / top, Int(value >> 8 & 255) * 255 / top,
                Int(value & 255) * 255 / top)
        }
        return hues.min { distance($0) < distance($1) }!
    }

    /// xterm's colour cube (16…231, levels 0, 95, 135 … 255) and grey ramp (232…255, levels 8, 18 … 238): the nearer of the two.
    private static func paletteIndex(of colour: Colour) -> Int {
        func step(_ value: Int) -> Int { value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40 }
        func level(_ step: Int) -> Int { step == 0 ? 0 : 55 + 40 * step }
        let (r, g, b) = (step(colour.red), step(colour.green), step(colour.blue))
        let cube = squaredDistance(colour, level(r), level(g), level(b))
        let mean = (colour.red + colour.green + colour.blue) / 3
        let ramp = max(0, min(23, (mean - 3) / 10))
        let grey = 8 + 10 * ramp
        return squaredDistance(colour, grey, grey, grey) < cube ? 232 + ramp : 16 + 36 * r + 6 * g + b
    }

    private static func squaredDistance(_ colour: Colour, _ red: Int, _ green: Int, _ blue: Int) -> Int {
        let (r, g, b) = (colour.red - red, colour.green - green, colour.blue - blue)
        return r * r + g * g + b * b
    }
}
