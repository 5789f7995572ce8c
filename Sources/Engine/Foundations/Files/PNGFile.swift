import CZlib
import Foundation

/// Writes pictures of few colours as PNG: 8 bits a pixel and a palette.
package enum PNGFile {
    /// - Parameters:
    ///   - pixels: `[y][x]`, numbers of the palette.
    ///   - palette: at most 256 colours, 0xRRGGBB.
    package static func data(pixels: [UInt8], width: Int, height: Int, palette: [UInt32]) throws -> Data {
        precondition(pixels.count == width * height && palette.count <= 256, "PNGFile: \(pixels.count) pixels, \(palette.count) colours")
        var header = Data()
        append(UInt32(width), to: &header)
        append(UInt32(height), to: &header)
        // 8 bits, palette, and the only methods of compression, filtering and interlacing.
        header.append(contentsOf: [8, 3, 0, 0, 0])
        var rows = Data(capacity: (width + 1) * height)
        for y in 0..<height {
            rows.append(0)
            rows.append(contentsOf: pixels[y * width..<(y + 1) * width])
        }
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        file.append(chunk("IHDR", header))
        file.append(chunk("PLTE", Data(palette.flatMap { [UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] })))
        file.append(chunk("IDAT", try compressed(rows)))
        file.append(chunk("IEND", Data()))
        return file
    }

    private static func compressed(_ bytes: Data) throws -> Data {
        var size = compressBound(uLong(bytes.count))
        var packed = Data(count: Int(size))
        let status = packed.withUnsafeMutableBytes { out in
            bytes.withUnsafeBytes { source in
                compress2(
                    out.bindMemory(to: Bytef.self).baseAddress, &size, source.bindMemory(to: Bytef.self).baseAddress, uLong(bytes.count), 9)
            }
        }
        guard status == Z_OK else { throw Failure("zlib could not compress a picture (status \(status))") }
        return packed.prefix(Int(size))
    }

    static func chunk(_ name: String, _ content: Data) -> Data {
        let named = Data(name.utf8) + content
        let sum = named.withUnsafeBytes { crc32(0, $0.bindMemory(to: Bytef.self).baseAddress, uInt($0.count)) }
        var chunk = Data()
        append(UInt32(content.count), to: &chunk)
        chunk.append(named)
        append(UInt32(truncatingIfNeeded: sum), to: &chunk)
        return chunk
    }

    static func append(_ value: UInt32, to data: inout Data) {
        withUnsafeBytes(of: value.bigEndian) { data.append(contentsOf: $0) }
    }
}
