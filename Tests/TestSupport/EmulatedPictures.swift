import Foundation
import TerminalKit

/// What a reader of the bytes would see of pictures: a terminal that keeps pixels, and understands kitty's protocol and sixel by their own rules.
package struct EmulatedPictures {
    package let size: Size
    package let cell: PixelSize
    /// 0xRRGGBB of what sixel drew; nil where cells show.
    private var drawn: [UInt32?]
    private var row = 0
    private var column = 0
    private var images: [Int: PNGPicture] = [:]
    private var transfer: (id: Int, text: [UInt8])?
    private struct Placement { var image, row, column, shiftX, shiftY, x, y, width, height, columns, rows, z: Int }
    private var placements: [[Int]: Placement] = [:]
    /// What was not understood.
    package private(set) var complaint: String?

    package init(size: Size, cell: PixelSize) {
        self.size = size
        self.cell = cell
        drawn = Array(repeating: nil, count: size.columns * cell.width * size.rows * cell.height)
    }

    private var width: Int { size.columns * cell.width }
    private var height: Int { size.rows * cell.height }

    /// Images that are held, and how many of them are in view.
    package var held: (images: Int, placements: Int) { (images.count, placements.count) }
    package var hasPixels: Bool { !placements.isEmpty || drawn.contains { $0 != nil } }

    /// The pixels of a rectangle of cells, 0xRRGGBB on a background.
    package func pixels(_ rect: Rect, on background: UInt32) -> [UInt32] {
        var result: [UInt32] = []
        let order = placements.values.sorted { ($0.z, $0.image) < ($1.z, $1.image) }
        for y in rect.row * cell.height..<rect.endRow * cell.height {
            for x in rect.column * cell.width..<rect.endColumn * cell.width {
                var value = drawn[y * width + x] ?? background
                for placement in order {
                    let (left, top) = (placement.column * cell.width + placement.shiftX, placement.row * cell.height + placement.shiftY)
                    let isStretched = placement.columns > 0
                    let wide = isStretched ? placement.columns * cell.width : placement.width
                    let high = isStretched ? placement.rows * cell.height : placement.height
                    guard x >= left, x < left + wide, y >= top, y < top + high, let image = images[placement.image] else { continue }
                    let atX = placement.x + (x - left) * placement.width / wide
                    let atY = placement.y + (y - top) * placement.height / high
                    value = Self.over(image.pixels[atY * image.width + atX], value)
                }
                result.append(value)
            }
        }
        return result
    }

    private static func over(_ upper: UInt32, _ lower: UInt32) -> UInt32 {
        let alpha = Int(upper >> 24)
        func part(_ shift: UInt32) -> UInt32 {
            let (a, b) = (Int(upper >> shift & 255), Int(lower >> shift & 255))
            return UInt32((a * alpha + b * (255 - alpha) + 127) / 255) << shift
        }
        return alpha == 255 ? upper & 0xFF_FFFF : part(16) | part(8) | part(0)
    }

    // MARK: bytes

    package mutating func take(_ bytes: [UInt8]) {
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x1B, at + 1 < bytes.count else {
                at += 1
                // Of a character of several bytes the first one counts.
                if byte >= 32, byte & 0xC0 != 0x80 { erase(1) }
                continue
            }
            switch bytes[at + 1] {
            case UInt8(ascii: "["):
                var end = at + 2
                while end < bytes.count, bytes[end] < 0x40 { end += 1 }
                control(bytes[end], String(decoding: bytes[at + 2..<end], as: UTF8.self))
                at = end + 1
            case UInt8(ascii: "P"), UInt8(ascii: "_"):
                var end = at + 2
                while end + 1 < bytes.count, !(bytes[end] == 0x1B && bytes[end + 1] == 0x5C) { end += 1 }
                let content = Array(bytes[at + 2..<end])
                if bytes[at + 1] == UInt8(ascii: "P") { sixel(content) } else { kitty(content) }
                at = end + 2
            case UInt8(ascii: "("): at += 3
            default: at += 2
            }
        }
    }

    /// Characters take away what sixel drew there, and go on to the right.
    private mutating func erase(_ count: Int) {
        for place in column..<min(size.columns, column + count) where row < size.rows {
            for y in row * cell.height..<(row + 1) * cell.height {
                for x in place * cell.width..<(place + 1) * cell.width { drawn[y * width + x] = nil }
            }
        }
        column += count
    }

    private mutating func control(_ final: UInt8, _ text: String) {
        let numbers = text.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        switch final {
        case UInt8(ascii: "H"):
            row = max(1, numbers.first ?? 1) - 1
            column = max(1, numbers.count > 1 ? numbers[1] : 1) - 1
        case UInt8(ascii: "C"): column += max(1, numbers.first ?? 1)
        case UInt8(ascii: "K"):
            let at = column
            erase(size.columns - column)
            column = at
        case UInt8(ascii: "J"):
            drawn = Array(repeating: nil, count: drawn.count)
            placements = [:]
        default: break
        }
    }

    // MARK: sixel

    private mutating func sixel(_ bytes: [UInt8]) {
        guard let start = bytes.firstIndex(of: UInt8(ascii: "q")) else {
            complaint = "a sixel image without q"
            return
        }
        let parameters = String(decoding: bytes[..<start], as: UTF8.self).split(separator: ";").map { Int($0) ?? 0 }
        let leavesBackground = parameters.count > 1 && parameters[1] == 1
        var registers: [Int: UInt32] = [:]
        var (colour, x, y) = (0, 0, 0)
        let (left, top) = (column * cell.width, row * cell.height)
        var at = start + 1
        func number() -> Int {
            var value = 0
            while at < bytes.count, bytes[at] >= 48, bytes[at] < 58 {
                value = value * 10 + Int(bytes[at]) - 48
                at += 1
            }
            return value
        }
        func numbers() -> [Int] {
            var found = [number()]
            while at < bytes.count, bytes[at] == UInt8(ascii: ";") {
                at += 1
                found.append(number())
            }
            return found
        }
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            var count = 1
            var data = byte
            switch byte {
            case UInt8(ascii: "\""):
                let found = numbers()
                guard found.count == 4, found[0] == found[1] else {
                    complaint = "raster attributes \(found)"
                    return
                }
                if !leavesBackground { complaint = "a background that is painted" }
                continue
            case UInt8(ascii: "#"):
                let found = numbers()
                colour = found[0]
                if found.count == 5, found[1] == 2 {
                    registers[colour] = found[2...].reduce(0) { $0 << 8 | UInt32(($1 * 255 + 50) / 100) }
                }
                continue
            case UInt8(ascii: "$"):
                x = 0
                continue
            case UInt8(ascii: "-"):
                (x, y) = (0, y + 6)
                continue
            case UInt8(ascii: "!"):
                count = number()
                data = bytes[at]
                at += 1
            default: break
            }
            guard (63...126).contains(data) else {
                complaint = "a sixel of \(data)"
                return
            }
            for _ in 0..<count {
                for bit in 0..<6 where (data - 63) >> UInt8(bit) & 1 == 1 {
                    guard let value = registers[colour], left + x < width, top + y + bit < height else {
                        complaint = "a pixel of register \(colour) at \(x), \(y + bit)"
                        return
                    }
                    drawn[(top + y + bit) * width + left + x] = value
                }
                x += 1
            }
        }
    }

    // MARK: kitty

    private mutating func kitty(_ bytes: [UInt8]) {
        guard bytes.first == UInt8(ascii: "G") else { return }
        let parts = bytes.dropFirst().split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        let keys = Dictionary(
            String(decoding: parts[0], as: UTF8.self).split(separator: ",").map { pair in
                let sides = pair.split(separator: "=")
                return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
            }, uniquingKeysWith: { $1 })
        let payload = parts.count > 1 ? Array(parts[1]) : []
        func number(_ key: String) -> Int { keys[key].flatMap { Int($0) } ?? 0 }
        if payload.count > 4096 { complaint = "a piece of \(payload.count) bytes" }
        switch keys["a"] {
        case "t":
            if keys["f"] != "100" { complaint = "a format \(keys["f"] ?? "")" }
            transfer = (number("i"), payload)
            if number("m") == 0 { receive() }
        case nil:
            transfer?.text += payload
            if number("m") == 0 { receive() }
        case "p":
            guard let image = images[number("i")] else {
                complaint = "a placement of image \(number("i")), which is not there"
                return
            }
            if keys["C"] != "1" { complaint = "a placement that moves the cursor" }
            let placement = Placement(
                image: number("i"), row: row, column: column, shiftX: number("X"), shiftY: number("Y"), x: number("x"), y: number("y"),
                width: keys["w"] == nil ? image.width : number("w"), height: keys["h"] == nil ? image.height : number("h"),
                columns: number("c"), rows: number("r"), z: number("z"))
            if placement.x + placement.width > image.width || placement.y + placement.height > image.height
                || placement.shiftX >= cell.width || placement.shiftY >= cell.height
            {
                complaint = "a placement beyond its image or cell"
            }
            placements[[number("i"), number("p")]] = placement
        case "d":
            switch keys["d"] {
            case "A": (images, placements) = ([:], [:])
            case "I":
                images[number("i")] = nil
                placements = placements.filter { $0.key[0] != number("i") }
            case "i": placements[[number("i"), number("p")]] = nil
            default: complaint = "a removal \(keys["d"] ?? "")"
            }
        default: complaint = "an action \(keys["a"] ?? "")"
        }
    }

    private mutating func receive() {
        guard let (id, text) = transfer, let data = Data(base64Encoded: Data(text)), let image = PNGPicture(data) else {
            complaint = "an image that is no PNG"
            return
        }
        images[id] = image
        transfer = nil
    }
}
