import CZlib
import Foundation

/// Reads PNG pictures of 8 bits a part back, by the format's own rules and none of the program's code.
package struct PNGPicture {
    package let width, height: Int
    /// 0xAARRGGBB.
    package let pixels: [UInt32]

    package init?(_ data: Data) {
        let bytes = [UInt8](data)
        guard bytes.count > 33, Array(bytes[0..<8]) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] else { return nil }
        func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        var at = 8
        var (kind, palette, alpha, packed): (UInt8, [UInt8], [UInt8], [UInt8]) = (0, [], [], [])
        var (columns, rows) = (0, 0)
        while at + 12 <= bytes.count {
            let length = number(at)
            let name = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
            guard at + 12 + length <= bytes.count else { return nil }
            let content = Array(bytes[at + 8..<at + 8 + length])
            switch name {
            case "IHDR":
                (columns, rows, kind) = (number(at + 8), number(at + 12), content[9])
                guard content[8] == 8, content[12] == 0 else { return nil }
            case "PLTE": palette = content
            case "tRNS": alpha = content
            case "IDAT": packed += content
            default: break
            }
            at += 12 + length
        }
        guard let parts = [0: 1, 2: 3, 3: 1, 6: 4][Int(kind)] else { return nil }
        var raw = [UInt8](repeating: 0, count: (columns * parts + 1) * rows)
        var size = uLong(raw.count)
        guard uncompress(&raw, &size, packed, uLong(packed.count)) == Z_OK, Int(size) == raw.count else { return nil }
        var lines = [[UInt8]](repeating: [], count: rows)
        for y in 0..<rows {
            let start = y * (columns * parts + 1)
            var line = Array(raw[start + 1..<start + 1 + columns * parts])
            let above = y > 0 ? lines[y - 1] : [UInt8](repeating: 0, count: line.count)
            for x in line.indices {
                let (left, up, corner) = (x >= parts ? Int(line[x - parts]) : 0, Int(above[x]), x >= parts ? Int(above[x - parts]) : 0)
                let guess: Int
                switch raw[start] {
                case 0: guess = 0
                case 1: guess = left
                case 2: guess = up
                case 3: guess = (left + up) / 2
                case 4:
                    let p = left + up - corner
                    let (a, b, c) = (abs(p - left), abs(p - up), abs(p - corner))
                    guess = a <= b && a <= c ? left : b <= c ? up : corner
                default: return nil
                }
                line[x] = UInt8((Int(line[x]) + guess) & 255)
            }
            lines[y] = line
        }
        var found: [UInt32] = []
        for line in lines {
            for x in 0..<columns {
                func colour(_ r: UInt8, _ g: UInt8, _ b: UInt8, _ a: UInt8) -> UInt32 {
                    UInt32(a) << 24 | UInt32(r) << 16 | UInt32(g) << 8 | UInt32(b)
                }
                switch kind {
                case 0: found.append(colour(line[x], line[x], line[x], 255))
                case 2: found.append(colour(line[3 * x], line[3 * x + 1], line[3 * x + 2], 255))
                case 6: found.append(colour(line[4 * x], line[4 * x + 1], line[4 * x + 2], line[4 * x + 3]))
                default:
                    let index = Int(line[x])
                    guard 3 * index + 2 < palette.count else { return nil }
                    let opacity = index < alpha.count ? alpha[index] : 255
                    found.append(colour(palette[3 * index], palette[3 * index + 1], palette[3 * index + 2], opacity))
                }
            }
        }
        (width, height, pixels) = (columns, rows, found)
    }
}
