import Foundation
import Foundations
import Imaging

/// A CT series of made-up slices, written file by file (Explicit VR, little endian) with a made-up patient's identity in every field that
/// could hold one, and in the files' names.
package struct SyntheticSeries {
    /// Stands for everything that must not come through.
    package static let secret = "SECRETJANE"

    package var columns = 24
    package var rows = 20
    package var places: [Double] = (0..<6).map { 10 + 2.5 * Double($0) }
    /// mm between columns and between rows.
    package var pixelSpacing = (column: 1.5, row: 1.25)
    package var thickness = "2.5"
    package var kernel = "B31f"
    package var contrast: String?
    package var kind = "1.2.840.10008.5.1.4.1.1.2"
    package var modality = "CT"
    package var imageType = "ORIGINAL\\PRIMARY\\AXIAL"
    package var series = "1.2.3.4"
    package var number = 3
    /// Prefix of the images' own names.
    package var instance = "1.2.3.4.5"
    /// Degrees by which slices lean backwards.
    package var tilt = 0.0
    /// What the headers say beyond that, slice by slice.
    package var header = Header()

    package init() {}

    /// Fields that real series get wrong, or that change how pixels are read.
    package struct Header {
        package var transferSyntax = "1.2.840.10008.1.2.1"
        /// 128 bytes and `DICM` before the fields, and fields that describe the file.
        package var hasPreamble = true
        package var hasMeta = true
        /// The image's number; nil leaves it out.
        package var number: (Int) -> Int? = { $0 + 1 }
        package var acquisition: (Int) -> Int? = { _ in nil }
        /// SOPInstanceUID and SeriesInstanceUID, where they are not what they should be.
        package var instance: ((Int) -> String)?
        package var series: ((Int) -> String)?
        /// Digits after the point of positions; nil writes them all.
        package var decimals: Int?
        /// LPS mm by which a slice lies beside its place.
        package var offset: (Int) -> Point3 = { _ in .zero }
        package var samples = 1
        /// Rows that the header tells of; nil tells the true number.
        package var claimedRows: Int?
        package var bitsStored = 16
        package var highBit: (Int) -> Int = { _ in 15 }
        package var representation: (Int) -> Int = { _ in 0 }
        package var padding: (kind: String, value: Int)?
        package var paddingLimit: (kind: String, value: Int)?
        package var intercept: (Int) -> String? = { _ in "-1024" }
        package var slope: (Int) -> String? = { _ in "1" }
        package var rescaleType: String?
        /// The word of a value in HU.
        package var word: (Int) -> UInt16 = { UInt16(max(-1024, $0) + 1024) }
    }

    /// HU at a point, LPS mm; stored + 1024.
    package var hounsfield: (Point3) -> Int = { Int($0.x) * 3 + Int($0.y) * 2 - Int($0.z) - (Int($0.x) % 3 == 0 ? 1000 : 100) }

    /// LPS mm of the first pixel's centre in a slice.
    package func position(_ place: Double) -> Point3 { [-12.5, -30, place] }

    package var down: Point3 { [0, cos(tilt * .pi / 180), -sin(tilt * .pi / 180)] }

    package func point(column: Int, row: Int, place: Double) -> Point3 {
        position(place) + [Double(column) * pixelSpacing.column, 0, 0] + down * (Double(row) * pixelSpacing.row)
    }

    /// Largest difference between an image and what the series shows at the same points, HU.
    package func deviation(_ volume: Volume<Int16>) -> Int {
        var worst = 0
        volume.forEachVoxel { voxel, index in
            let p = volume.voxelToWorld(voxel.point)
            // Sums of binary fractions: a hair beyond the whole number, so that rounding towards 0 gives what was written.
            func nudged(_ value: Double) -> Double { value + (value < 0 ? -1e-6 : 1e-6) }
            let expected = max(-1024, hounsfield([nudged(-p.x), nudged(-p.y), nudged(p.z)]))
            worst = max(worst, abs(Int(volume.voxels[index]) - expected))
        }
        return worst
    }

    /// Writes the files in an order and under names that say nothing of their places.
    @discardableResult
    package func write(to folder: URL) throws -> [URL] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try places.indices.map { index in
            let file = folder.appendingPathComponent("\(Self.secret)^\(number)-\((index * 7 + 3) % 101)-\(instance.suffix(1)).dcm")
            try data(index).write(to: file)
            return file
        }
    }

    package func data(_ index: Int) -> Data {
        let place = places[index]
        let at = position(place) + header.offset(index)
        let instanceName = header.instance?(index) ?? "\(instance).\(Int(place * 100))"
        func written(_ value: Double) -> String { header.decimals.map { String(format: "%.\($0)f", value) } ?? "\(value)" }
        var meta = Data()
        meta.element(0x0002, 0x0001, "OB", Data([0, 1]))
        meta.element(0x0002, 0x0002, "UI", kind)
        meta.element(0x0002, 0x0003, "UI", instanceName)
        meta.element(0x0002, 0x0010, "UI", header.transferSyntax)
        meta.element(0x0002, 0x0012, "UI", "1.2.3")
        var file = header.hasPreamble ? Data(count: 128) + Data("DICM".utf8) : Data()
        if header.hasMeta {
            file.element(0x0002, 0x0000, "UL", withUnsafeBytes(of: UInt32(meta.count).littleEndian) { Data($0) })
            file += meta
        }
        let fields: [(UInt16, UInt16, String, String?)] = [
            (0x0008, 0x0008, "CS", imageType), (0x0008, 0x0016, "UI", kind), (0x0008, 0x0018, "UI", instanceName),
            (0x0008, 0x0020, "DA", "20200102"), (0x0008, 0x0060, "CS", modality), (0x0008, 0x0070, "LO", "SIEMENS"),
            (0x0008, 0x0080, "LO", "\(Self.secret) HOSPITAL"), (0x0008, 0x0090, "PN", Self.secret),
            (0x0008, 0x103E, "LO", "CHEST OF \(Self.secret)"), (0x0008, 0x1090, "LO", "Sensation 10"),
            (0x0010, 0x0010, "PN", "\(Self.secret)^DOE"), (0x0010, 0x0020, "LO", "\(Self.secret)-77"), (0x0010, 0x0030, "DA", "19501231"),
            (0x0010, 0x4000, "LT", "comment on \(Self.secret)"), (0x0018, 0x0010, "LO", contrast), (0x0018, 0x0050, "DS", thickness),
            (0x0018, 0x1030, "LO", "protocol \(Self.secret)"), (0x0018, 0x1120, "DS", "\(-tilt)"), (0x0018, 0x1210, "SH", kernel),
            (0x0020, 0x000D, "UI", "1.2.3.9"), (0x0020, 0x000E, "UI", header.series?(index) ?? series), (0x0020, 0x0010, "SH", "7"),
            (0x0020, 0x0011, "IS", "\(number)"), (0x0020, 0x0012, "IS", header.acquisition(index).map(String.init)),
            (0x0020, 0x0013, "IS", header.number(index).map(String.init)),
            (0x0020, 0x0032, "DS", "\(written(at.x))\\\(written(at.y))\\\(written(at.z))"),
            (0x0020, 0x0037, "DS", "1\\0\\0\\0\\\(String(format: "%.10f\\%.10f", down.y, down.z))"),
            (0x0020, 0x4000, "LT", Self.secret),
        ]
        for (group, element, kind, value) in fields { if let value { file.element(group, element, kind, value) } }
        file.element(0x0028, 0x0002, "US", UInt16(header.samples))
        file.element(0x0028, 0x0004, "CS", header.samples == 1 ? "MONOCHROME2" : "RGB")
        file.element(0x0028, 0x0010, "US", UInt16(header.claimedRows ?? rows))
        file.element(0x0028, 0x0011, "US", UInt16(columns))
        file.element(0x0028, 0x0030, "DS", "\(pixelSpacing.row)\\\(pixelSpacing.column)")
        let layout = [
            (0x0100, 16), (0x0101, header.bitsStored), (0x0102, header.highBit(index)), (0x0103, header.representation(index)),
        ]
        for (element, value) in layout { file.element(0x0028, UInt16(element), "US", UInt16(value)) }
        for (element, padding) in [(0x0120, header.padding), (0x0121, header.paddingLimit)] {
            if let padding { file.element(0x0028, UInt16(element), padding.kind, UInt16(truncatingIfNeeded: padding.value)) }
        }
        if let intercept = header.intercept(index) { file.element(0x0028, 0x1052, "DS", intercept) }
        if let slope = header.slope(index) { file.element(0x0028, 0x1053, "DS", slope) }
        if let type = header.rescaleType { file.element(0x0028, 0x1054, "LO", type) }
        var pixels = Data()
        for row in 0..<rows {
            for column in 0..<columns {
                let word = header.word(hounsfield(point(column: column, row: row, place: place)))
                for _ in 0..<header.samples { withUnsafeBytes(of: word.littleEndian) { pixels.append(contentsOf: $0) } }
            }
        }
        if header.transferSyntax.contains(".1.2.4.") {
            file.packed(pixels)
        } else {
            file.element(0x7FE0, 0x0010, "OW", pixels)
        }
        return file
    }
}

extension Data {
    /// Pixels as packed ones are written: an empty table of offsets, one fragment, the end.
    fileprivate mutating func packed(_ pixels: Data) {
        append(contentsOf: [0xE0, 0x7F, 0x10, 0x00] + Array("OB".utf8) + [0, 0, 0xFF, 0xFF, 0xFF, 0xFF])
        append(contentsOf: [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0x00, 0xE0])
        Swift.withUnsafeBytes(of: UInt32(pixels.count).littleEndian) { append(contentsOf: $0) }
        append(pixels)
        append(contentsOf: [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0])
    }

    fileprivate mutating func element(_ group: UInt16, _ element: UInt16, _ kind: String, _ text: String) {
        var value = Data(text.utf8)
        if value.count % 2 == 1 { value.append(kind == "UI" ? 0 : 0x20) }
        self.element(group, element, kind, value)
    }

    fileprivate mutating func element(_ group: UInt16, _ element: UInt16, _ kind: String, _ number: UInt16) {
        self.element(group, element, kind, Swift.withUnsafeBytes(of: number.littleEndian) { Data($0) })
    }

    fileprivate mutating func element(_ group: UInt16, _ element: UInt16, _ kind: String, _ value: Data) {
        for field in [group, element] { Swift.withUnsafeBytes(of: field.littleEndian) { append(contentsOf: $0) } }
        append(contentsOf: kind.utf8)
        if ["OB", "OW"].contains(kind) {
            append(contentsOf: [0, 0])
            Swift.withUnsafeBytes(of: UInt32(value.count).littleEndian) { append(contentsOf: $0) }
        } else {
            Swift.withUnsafeBytes(of: UInt16(value.count).littleEndian) { append(contentsOf: $0) }
        }
        append(value)
    }
}
