import Foundation
import Foundations

extension DicomSlice {
    /// The fields that are asked for.
    static let tags = [
        "0002,0002", "0002,0010", "0008,0008", "0008,0016", "0008,0018", "0008,0032", "0008,0060", "0008,0070", "0008,1090", "0018,0010",
        "0018,0050", "0018,1210", "0020,000e", "0020,0011", "0020,0012", "0020,0013", "0020,0032", "0020,0037", "0020,0100", "0028,0002",
        "0028,0004", "0028,0008", "0028,0010", "0028,0011", "0028,0030", "0028,0100", "0028,0101", "0028,0102", "0028,0103", "0028,0120",
        "0028,0121", "0028,1052", "0028,1053", "0028,1054", "6000,0102",
    ]

    /// Reads what `dcmdump +F +p +Qn -Un` prints: a line `# dcmdump (1/30): path` for each file, then a line a field, such as
    /// `(0018,0050) DS [8]  #   2, 1 SliceThickness`. Fields within sequences have a longer path and are skipped. With `+Qn` a field is one
    /// line whatever it holds: control characters and all but ASCII are written as `&#27;`.
    static func slices(inDump text: String) -> [DicomSlice] {
        var slices: [DicomSlice] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# dcmdump "), let colon = line.range(of: "): ") {
                slices.append(DicomSlice(file: String(line[colon.upperBound...].split(separator: "/").last ?? "")))
                continue
            }
            // `(gggg,eeee) VR value`
            guard !slices.isEmpty, line.hasPrefix("("), line.count > 15, line.dropFirst(10).first == ")", line.dropFirst(11).first == " "
            else { continue }
            let tag = line.dropFirst(1).prefix(9)
            var value = line.dropFirst(15)
            if value.first == "[" {
                guard let end = value.lastIndex(of: "]") else { continue }
                value = value[value.index(after: value.startIndex)..<end]
            } else if value.first == "(" {
                continue
            } else {
                value = value.prefix { $0 != " " }
            }
            slices[slices.count - 1].set(String(tag), unquoted(value))
        }
        return slices
    }

    /// Bytes written as `&#27;` are brought back; what is no UTF-8 then is taken for Latin 1.
    private static func unquoted(_ text: Substring) -> String {
        guard text.contains("&#") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "&"), rest.dropFirst().first == UInt8(ascii: "#"),
                let end = rest.prefix(6).firstIndex(of: UInt8(ascii: ";")),
                let code = UInt8(String(decoding: rest[(rest.startIndex + 2)..<end], as: UTF8.self))
            {
                bytes.append(code)
                rest = rest[(end + 1)...]
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private mutating func set(_ tag: String, _ value: String) {
        fieldCount += 1
        // The sign between values is not ours.
        let parts = value.split(separator: "\\", omittingEmptySubsequences: false).map { $0.trimmed.printable }
        let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
        let whole = numbers.first.flatMap { Int(exactly: $0) }
        let text = String(value.trimmed.replacingBackslashes.prefix(64)).printable
        let known = text.isEmpty ? nil : text
        let name = value.trimmed.printable
        switch tag {
        case "0002,0002": kind = name
        case "0002,0010": transferSyntax = name
        case "0008,0008": imageType = parts
        case "0008,0016": kind = name
        case "0008,0018": instance = name
        case "0008,0032": acquisitionTime = name
        case "0008,0060": modality = name
        case "0008,0070": manufacturer = known
        case "0008,1090": model = known
        case "0018,0010": contrastAgent = known.flatMap { ["NONE", "NO", "N"].contains($0.uppercased()) ? nil : $0 }
        case "0018,0050": thicknessMillimetres = numbers.first.flatMap { $0 > 0 ? $0 : nil }
        case "0018,1210": kernel = known
        case "0020,000e": series = name
        case "0020,0011": seriesNumber = whole
        case "0020,0012": acquisitionNumber = whole
        case "0020,0013": instanceNumber = whole
        case "0020,0032" where numbers.count == 3:
            position = Point3(numbers[0], numbers[1], numbers[2])
            positionDecimals = parts.map(Self.decimals).max() ?? 0
        case "0020,0037" where numbers.count == 6:
            along = Self.square(Point3(numbers[0], numbers[1], numbers[2]), Point3(numbers[3], numbers[4], numbers[5]))
        case "0020,0100": temporalPosition = whole
        case "0028,0008": frames = whole ?? 1
        case "0028,0010": rows = whole ?? 0
        case "0028,0011": columns = whole ?? 0
        case "0028,0030" where numbers.count == 2: pixelSpacing = numbers
        case "0028,0002": pixels.samples = whole ?? 1
        case "0028,0004": pixels.photometry = name
        case "0028,0100": pixels.bitsAllocated = whole
        case "0028,0101": pixels.bitsStored = whole
        case "0028,0102": pixels.highBit = whole
        case "0028,0103": pixels.representation = whole
        case "0028,0120": pixels.padding = whole
        case "0028,0121": pixels.paddingLimit = whole
        case "0028,1052": pixels.intercept = numbers.first
        case "0028,1053": pixels.slope = numbers.first
        case "0028,1054": pixels.rescaleType = name
        case "6000,0102": pixels.hasOverlayBits = (whole ?? 0) > 0
        default: break
        }
    }

    /// Digits after the point; a number with an exponent counts as exact.
    private static func decimals(_ number: String) -> Int {
        if number.contains(where: { "eE".contains($0) }) { return 6 }
        return number.firstIndex(of: ".").map { number[$0...].dropFirst().count } ?? 0
    }

    /// Unit directions that are square to each other, out of ones that are so but for the rounding of their digits.
    private static func square(_ x: Point3, _ y: Point3) -> (x: Point3, y: Point3)? {
        guard abs(length(x) - 1) < 1e-2, abs(length(y) - 1) < 1e-2, abs(dot(x, y)) < 1e-2 else { return nil }
        let (a, b) = (x / length(x), y / length(y))
        // Both turn by half of what is missing.
        let half = dot(a, b) / 2
        let (c, d) = (a - b * half, b - a * half)
        let first = c / length(c)
        let second = d - first * dot(first, d)
        return (first, second / length(second))
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let blanks: Set<Character> = [" ", "\0", "\t"]
        return String(drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
    }

    fileprivate var replacingBackslashes: String { split(separator: "\\").joined(separator: "/") }
}
