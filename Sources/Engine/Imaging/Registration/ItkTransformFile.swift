import Foundation
import Foundations

/// ITK's formats for affine transforms, as ANTs, SimpleITK and 3D Slicer read them: text, and binary where the name ends in `.mat`, as in
/// the `0GenericAffine.mat` of ANTs.
///
/// Either file maps points of the fixed space to points of the moving space, in LPS millimetres; in memory all is RAS+.
package enum ItkTransformFile {
    private static let header = "#Insight Transform File V1.0"
    /// Affine in 3-D, double or single precision, and ITK's other name for it.
    private static let types = [
        "AffineTransform_double_3_3", "AffineTransform_float_3_3", "MatrixOffsetTransformBase_double_3_3",
        "MatrixOffsetTransformBase_float_3_3",
    ]

    /// Writes `fixedToMoving` (RAS+ mm) as `AffineTransform_double_3_3` about the origin.
    package static func write(_ fixedToMoving: Affine3, to file: URL) throws {
        let m = mirrored(fixedToMoving).rowMajor
        let numbers = [m[0], m[1], m[2], m[4], m[5], m[6], m[8], m[9], m[10], m[3], m[7], m[11]]
        if isBinary(file) {
            let vectors = [MatlabVector(name: types[0], values: numbers), MatlabVector(name: centreName, values: [0, 0, 0])]
            return try AtomicFile.write(MatlabVector.data(vectors), to: file)
        }
        let text = """
            \(header)
            #Transform 0
            Transform: \(types[0])
            Parameters: \(numbers.map { "\($0)" }.joined(separator: " "))
            FixedParameters: 0 0 0

            """
        try AtomicFile.write(Data(text.utf8), to: file)
    }

    /// Reads one affine transform: fixed → moving points, RAS+ mm.
    /// - Throws: if the file is no ITK transform file, holds several transforms or another kind, or its numbers are not 12.
    package static func read(_ file: URL) throws -> Affine3 {
        let data = try WholeFile.read(file, kind: "transform")
        return try isBinary(file) ? readBinary(data, file) : readText(data, file)
    }

    /// A vector named after the kind of transform holds its parameters, one named `fixed` its centre.
    private static func readBinary(_ data: Data, _ file: URL) throws -> Affine3 {
        let vectors = try MatlabVector.all(in: data, file)
        let transforms = vectors.filter { $0.name != centreName }
        guard transforms.count == 1 else { throw Failure("\(file.path) holds \(transforms.count) transforms, expected one") }
        guard types.contains(transforms[0].name) else {
            throw Failure("\(file.path) holds a \(transforms[0].name), expected an affine transform in 3-D")
        }
        let centre = vectors.first { $0.name == centreName }?.values ?? [0, 0, 0]
        return try map(transforms[0].values, about: centre, file)
    }

    private static func readText(_ data: Data, _ file: URL) throws -> Affine3 {
        guard let text = String(data: data, encoding: .utf8), text.hasPrefix("#Insight Transform File") else {
            throw Failure("\(file.path) is not an ITK text transform (it does not begin with \"\(header)\")")
        }
        var fields: [String: [String]] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].trimmingCharacters(in: .whitespaces), default: []]
                .append(line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        let kinds = fields["Transform"] ?? []
        guard kinds.count == 1 else { throw Failure("\(file.path) holds \(kinds.count) transforms, expected one") }
        guard types.contains(kinds[0]) else { throw Failure("\(file.path) holds a \(kinds[0]), expected an affine transform in 3-D") }
        return try map(numbers(fields["Parameters"]?.first), about: numbers(fields["FixedParameters"]?.first ?? "0 0 0"), file)
    }

    /// - Parameters: the linear part by rows, then the translation; the centre; LPS mm.
    private static func map(_ parameters: [Double?], about centre: [Double?], _ file: URL) throws -> Affine3 {
        let parameters = try checked(parameters, 12, "Parameters", file)
        let centre = try checked(centre, 3, "FixedParameters", file)
        var map = Affine3(
            columnX: [parameters[0], parameters[3], parameters[6]], columnY: [parameters[1], parameters[4], parameters[7]],
            columnZ: [parameters[2], parameters[5], parameters[8]], translation: .zero)
        // ITK: y = M (x - c) + t + c
        let c = Point3(centre[0], centre[1], centre[2])
        map.translation = Point3(parameters[9], parameters[10], parameters[11]) + c - map.direction(c)
        guard abs(map.determinant) > 1e-12 else { throw Failure("\(file.path) holds a singular transform") }
        return mirrored(map)
    }

    private static let centreName = "fixed"

    private static func isBinary(_ file: URL) -> Bool { file.pathExtension.lowercased() == "mat" }

    private static func numbers(_ text: String?) -> [Double?] { (text ?? "").split(separator: " ").map { Double($0) } }

    private static func checked(_ values: [Double?], _ count: Int, _ name: String, _ file: URL) throws -> [Double] {
        guard values.count == count, values.allSatisfy({ $0?.isFinite == true }) else {
            throw Failure("\(file.path): \(name) has \(values.count) entries, expected \(count) numbers")
        }
        return values.compactMap { $0 }
    }

    /// LPS ↔ RAS: x and y change sign before and after.
    private static func mirrored(_ map: Affine3) -> Affine3 {
        let mirror = Affine3(scale: [-1, -1, 1])
        return mirror * map * mirror
    }
}
