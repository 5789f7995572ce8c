import Foundation

/// How a CT was acquired and reconstructed: what densitometry depends on, and nothing that tells who the patient is.
///
/// Kept beside an image as `<image>.json` under DICOM's own keywords, as BIDS sidecars have them.
package struct CTAcquisition: Codable, Equatable, Sendable {
    /// Reconstruction kernel, such as `B40f`.
    package var kernel: String?
    /// Nominal thickness of a slice, mm.
    package var sliceThicknessMillimetres: Double?
    /// Distance between slices, mm.
    package var sliceSpacingMillimetres: Double?
    /// Contrast agent; nil where none is recorded.
    package var contrastAgent: String?
    package var manufacturer: String?
    package var model: String?
    /// Angle by which slices lean against the table's axis, degrees; the image that this lies beside is upright.
    package var gantryTiltDegrees: Double?
    /// What an import found worth saying, in sentences.
    package var notes: [String]?
    /// Why the values themselves are in doubt, in sentences: what must be air or muscle does not read as such.
    package var valueCautions: [String]?

    private enum CodingKeys: String, CodingKey {
        case kernel = "ConvolutionKernel"
        case sliceThicknessMillimetres = "SliceThickness"
        case sliceSpacingMillimetres = "SpacingBetweenSlices"
        case contrastAgent = "ContrastBolusAgent"
        case manufacturer = "Manufacturer"
        case model = "ManufacturerModelName"
        case gantryTiltDegrees = "GantryDetectorTilt"
        case notes = "ImportNotes"
        case valueCautions = "ImportCautions"
    }

    package init(
        kernel: String? = nil, sliceThicknessMillimetres: Double? = nil, sliceSpacingMillimetres: Double? = nil,
        contrastAgent: String? = nil, manufacturer: String? = nil, model: String? = nil, gantryTiltDegrees: Double? = nil,
        notes: [String]? = nil, valueCautions: [String]? = nil
    ) {
        self.kernel = kernel
        self.sliceThicknessMillimetres = sliceThicknessMillimetres
        self.sliceSpacingMillimetres = sliceSpacingMillimetres
        self.contrastAgent = contrastAgent
        self.manufacturer = manufacturer
        self.model = model
        self.gantryTiltDegrees = gantryTiltDegrees
        self.notes = notes
        self.valueCautions = valueCautions
    }

    // MARK: Files

    /// Where the workbench keeps it.
    package static func file(beside image: URL) -> URL { image.appendingPathExtension("json") }

    /// Reads what lies beside an image: `<image>.json`, or a BIDS sidecar; nil where there is none that can be read.
    package static func read(beside image: URL) -> CTAcquisition? {
        var stem = image
        for ending in ["gz", "nii"] where stem.pathExtension.lowercased() == ending { stem.deletePathExtension() }
        for place in [file(beside: image), stem.appendingPathExtension("json")] {
            if let data = try? Data(contentsOf: place), let found = try? JSONDecoder().decode(Self.self, from: data) { return found }
        }
        return nil
    }

    /// The file's text.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    // MARK: Densitometry

    /// Slices up to this are thin enough to measure emphysema in, mm.
    package static let thickestMillimetres = 2.5

    /// Why percentages of low attenuation from this scan are to be taken with care; sentences, none where nothing is known against it.
    package var densitometryCautions: [String] {
        var cautions = valueCautions ?? []
        if let thickness = sliceThicknessMillimetres ?? sliceSpacingMillimetres, thickness > Self.thickestMillimetres {
            cautions.append("slices are \(Self.brief(thickness)) mm thick, more than \(Self.thickestMillimetres) mm")
        }
        if let kernel, Self.isSharp(kernel) { cautions.append("the kernel \(kernel) is sharp: noise counts as emphysema") }
        if let contrastAgent { cautions.append("contrast agent was given (\(contrastAgent)): the lung is denser") }
        return cautions
    }

    /// One line for people: `B40f, slices of 8 mm every 8 mm, no contrast agent recorded, SIEMENS Sensation 10`.
    package var summary: String {
        var parts = [kernel.map { "kernel \($0)" } ?? "kernel not recorded"]
        if let thickness = sliceThicknessMillimetres { parts.append("slices \(Self.brief(thickness)) mm thick") }
        if let spacing = sliceSpacingMillimetres { parts.append("one every \(Self.brief(spacing)) mm") }
        parts.append(contrastAgent.map { "contrast agent \($0)" } ?? "no contrast agent recorded")
        let scanner = [manufacturer, model].compactMap { $0 }.joined(separator: " ")
        return (parts + (scanner.isEmpty ? [] : [scanner])).joined(separator: ", ")
    }

    /// Whether a kernel sharpens edges, by the makers' ways of naming: Siemens `B70f` (55 and more), Canon `FC30` to `FC39` and from `FC50`
    /// on, GE `LUNG`, `BONE`, `EDGE`, Philips `D`, `E`, `L` and `Y…`. Names that are not known count as soft.
    static func isSharp(_ kernel: String) -> Bool {
        let name = kernel.split(whereSeparator: { $0 == " " || $0 == "\\" || $0 == "/" }).first.map { $0.uppercased() } ?? ""
        if ["LUNG", "BONE", "EDGE", "ULTRA"].contains(where: name.hasPrefix) { return true }
        if ["D", "E", "L", "YA", "YB", "YC", "YD"].contains(name) { return true }
        let letters = name.prefix { $0.isLetter }
        guard let number = Int(name.dropFirst(letters.count).prefix { $0.isNumber }.prefix(2)) else { return false }
        if letters == "FC" { return (30...39).contains(number) || number >= 50 }
        return (1...2).contains(letters.count) && number >= 55
    }

    package static func brief(_ value: Double) -> String { String(format: "%g", (value * 100).rounded() / 100) }
}
