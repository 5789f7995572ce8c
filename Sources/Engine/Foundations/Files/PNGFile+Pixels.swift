import CZlib
import Foundation

/// Pictures of any colours, and how much is done to make them small.
extension PNGFile {
    package enum Effort: Sendable {
        /// For a terminal that waits: some percent larger, in a third of the time.
        case quick
        case small
    }

    /// Greys, one byte a pixel, row after row.
    package static func data(grey: [UInt8], width: Int, height: Int, _ effort: Effort = .small) throws -> Data {
        precondition(grey.count == width * height, "PNGFile: \(grey.count) greys for \(width) × \(height)")
        return file(width, height, kind: 0, try compressed(grey, stride: width, filtered: true, effort))
    }

    /// Colours 0xAARRGGBB, row after row: by a palette where there are at most 256.
    package static func data(colours: [UInt32], width: Int, height: Int, _ effort: Effort = .small) throws -> Data {
        precondition(colours.count == width * height, "PNGFile: \(colours.count) colours for \(width) × \(height)")
        if let (numbers, palette) = numbered(colours) {
            var file = begin(width, height, kind: 3)
            file.append(chunk("PLTE", Data(palette.flatMap { [UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] })))
            if palette.contains(where: { $0 >> 24 != 255 }) { file.append(chunk("tRNS", Data(palette.map { UInt8($0 >> 24) }))) }
            file.append(chunk("IDAT", try compressed(numbers, stride: width, filtered: false, effort)))
            file.append(chunk("IEND", Data()))
            return file
        }
        let isOpaque = colours.allSatisfy { $0 >> 24 == 255 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(colours.count * 4)
        for colour in colours {
            bytes.append(UInt8(colour >> 16 & 255))
            bytes.append(UInt8(colour >> 8 & 255))
            bytes.append(UInt8(colour & 255))
            if !isOpaque { bytes.append(UInt8(colour >> 24)) }
        }
        let parts = isOpaque ? 3 : 4
        return file(
            width, height, kind: isOpaque ? 2 : 6, try compressed(bytes, stride: width * parts, step: parts, filtered: true, effort))
    }

    /// The number of each pixel's colour in a palette; nil where there are more than 256.
    private static func numbered(_ colours: [UInt32]) -> (numbers: [UInt8], palette: [UInt32])? {
        var palette: [UInt32] = []
        var known: [UInt32: UInt8] = [:]
        var numbers = [UInt8](repeating: 0, count: colours.count)
        // Neighbours mostly share their colour.
        var last: UInt32?
        var number: UInt8 = 0
        for (index, colour) in colours.enumerated() {
            if colour != last {
                last = colour
                if let found = known[colour] {
                    number = found
                } else {
                    guard palette.count < 256 else { return nil }
                    number = UInt8(palette.count)
                    palette.append(colour)
                    known[colour] = number
                }
            }
            numbers[index] = number
        }
        return (numbers, palette)
    }

    private static func begin(_ width: Int, _ height: Int, kind: UInt8) -> Data {
        var header = Data()
        append(UInt32(width), to: &header)
        append(UInt32(height), to: &header)
        // 8 bits, and the only methods of compression, filtering and interlacing.
        header.append(contentsOf: [8, kind, 0, 0, 0])
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        file.append(chunk("IHDR", header))
        return file
    }

    private static func file(_ width: Int, _ height: Int, kind: UInt8, _ packed: Data) -> Data {
        var file = begin(width, height, kind: kind)
        file.append(chunk("IDAT", packed))
        file.append(chunk("IEND", Data()))
        return file
    }

    /// Rows with their filters, by zlib.
    /// - Parameters:
    ///   - stride: bytes of a row.
    ///   - step: bytes of a pixel.
    ///   - filtered: each row less the mean of what lies left of it and above it, which leaves a scan's noise and little else.
    private static func compressed(_ bytes: [UInt8], stride: Int, step: Int = 1, filtered: Bool, _ effort: Effort) throws -> Data {
        let height = stride > 0 ? bytes.count / stride : 0
        var rows = [UInt8](repeating: 0, count: (stride + 1) * height)
        rows.withUnsafeMutableBufferPointer { rows in
            bytes.withUnsafeBufferPointer { bytes in
                for y in 0..<height {
                    let (from, to) = (y * stride, y * (stride + 1) + 1)
                    rows[to - 1] = filtered ? 3 : 0
                    guard filtered else {
                        for x in 0..<stride { rows[to + x] = bytes[from + x] }
                        continue
                    }
                    for x in 0..<min(step, stride) {
                        rows[to + x] = bytes[from + x] &- (y > 0 ? bytes[from - stride + x] / 2 : 0)
                    }
                    guard stride > step else { continue }
                    if y == 0 {
                        for x in step..<stride { rows[to + x] = bytes[from + x] &- bytes[from + x - step] / 2 }
                    } else {
                        for x in step..<stride {
                            let mean = (UInt16(bytes[from + x - step]) + UInt16(bytes[from - stride + x])) / 2
                            rows[to + x] = bytes[from + x] &- UInt8(mean)
                        }
                    }
                }
            }
        }
        // Of filtered noise runs and frequencies are all that there is to find.
        let strategy = !filtered ? Z_DEFAULT_STRATEGY : effort == .quick ? Z_RLE : Z_FILTERED
        return try deflated(rows, level: effort == .quick ? (filtered ? 1 : 3) : 9, strategy: strategy)
    }

    /// Bytes by zlib.
    private static func deflated(_ bytes: [UInt8], level: Int32, strategy: Int32) throws -> Data {
        var stream = z_stream()
        guard deflateInit2_(&stream, level, Z_DEFLATED, 15, 9, strategy, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw Failure("zlib could not begin to compress a picture")
        }
        defer { deflateEnd(&stream) }
        var packed = Data(count: Int(deflateBound(&stream, uLong(bytes.count))))
        let status = packed.withUnsafeMutableBytes { out in
            bytes.withUnsafeBufferPointer { source in
                // zlib does not write to its input.
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                stream.avail_in = uInt(source.count)
                stream.next_out = out.bindMemory(to: Bytef.self).baseAddress
                stream.avail_out = uInt(out.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw Failure("zlib could not compress a picture (status \(status))") }
        return packed.prefix(Int(stream.total_out))
    }
}
