/// What one DICOM file says about its image. Only these fields are ever read: none of them tells who the patient is.
struct DicomSlice: Equatable {
    /// The link's name in the private folder.
    let file: String
    var transferSyntax = ""
    var kind = ""
    /// Names this very image, to tell copies from different images of the same place; never kept.
    var instance = ""
    var modality = ""
    var imageType: [String] = []
    /// Names the series, to tell series apart; never kept.
    var series = ""
    var seriesNumber: Int?
    var rows = 0
    var columns = 0
    /// Between rows, then between columns, mm.
    var pixelSpacing: [Double] = []
    /// Centre of the first pixel, LPS mm.
    var position: Point3?
    /// Directions in which the column and the row index grow, LPS.
    var along: (x: Point3, y: Point3)?
    var thicknessMillimetres: Double?
    var kernel: String?
    var contrastAgent: String?
    var manufacturer: String?
    var model: String?

    init(file: String) { self.file = file }

    static func == (a: DicomSlice, b: DicomSlice) -> Bool { a.file == b.file && a.instance == b.instance }

    /// One CT image a file.
    static let ctImage = "1.2.840.10008.5.1.4.1.1.2"
    /// Many CT images a file.
    static let multiFrameCT = ["1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"]

    var isLocaliser: Bool { imageType.contains { $0.uppercased() == "LOCALIZER" } }

    // MARK: Reading a list of fields

    /// The fields that are asked for.
    static let tags = [
        "0002,0002", "0002,0010", "0008,0008", "0008,0016", "0008,0018", "0008,0060", "0008,0070", "0008,1090", "0018,0010", "0018,0050",
        "0018,1210",
        "0020,000e", "0020,0011", "0020,0032", "0020,0037", "0028,0010", "0028,0011", "0028,0030",
    ]

    /// Reads what `dcmdump +F +p -Un` prints: a line `# dcmdump (1/30): path` for each file, then a line a field, such as
    /// `(0018,0050) DS [8]  #   2, 1 SliceThickness`. Fields within sequences have a longer path and are skipped.
    static func slices(inDump text: String) -> [DicomSlice] {
        var slices: [DicomSlice] = []
        for line in text.split(whereSeparator: \.isNewline) {
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
            slices[slices.count - 1].set(String(tag), String(value))
        }
        return slices
    }

    private mutating func set(_ tag: String, _ value: String) {
        let parts = value.split(separator: "\\", omittingEmptySubsequences: false).map { $0.trimmed }
        let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
        let text = value.trimmed.replacingBackslashes.prefix(64)
        let known = text.isEmpty ? nil : String(text)
        switch tag {
        case "0002,0002": kind = value.trimmed
        case "0002,0010": transferSyntax = value.trimmed
        case "0008,0008": imageType = parts
        case "0008,0016": kind = value.trimmed
        case "0008,0018": instance = value.trimmed
        case "0008,0060": modality = value.trimmed
        case "0008,0070": manufacturer = known
        case "0008,1090": model = known
        case "0018,0010": contrastAgent = known.flatMap { ["NONE", "NO", "N"].contains($0.uppercased()) ? nil : $0 }
        case "0018,0050": thicknessMillimetres = numbers.first.flatMap { $0 > 0 ? $0 : nil }
        case "0018,1210": kernel = known
        case "0020,000e": series = value.trimmed
        case "0020,0011": seriesNumber = numbers.first.flatMap { Int(exactly: $0) }
        case "0020,0032" where numbers.count == 3: position = Point3(numbers[0], numbers[1], numbers[2])
        case "0020,0037" where numbers.count == 6:
            let (x, y) = (Point3(numbers[0], numbers[1], numbers[2]), Point3(numbers[3], numbers[4], numbers[5]))
            if abs(length(x) - 1) < 1e-2, abs(length(y) - 1) < 1e-2, abs(dot(x, y)) < 1e-2 { along = (x / length(x), y / length(y)) }
        case "0028,0010": rows = numbers.first.flatMap { Int(exactly: $0) } ?? 0
        case "0028,0011": columns = numbers.first.flatMap { Int(exactly: $0) } ?? 0
        case "0028,0030" where numbers.count == 2: pixelSpacing = numbers
        default: break
        }
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let blanks: Set<Character> = [" ", "\0", "\t"]
        return String(drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
    }

    fileprivate var replacingBackslashes: String { split(separator: "\\").joined(separator: "/") }
}
