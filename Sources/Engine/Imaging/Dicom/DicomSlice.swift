import Foundations

/// What one DICOM file says about its image. Only technical fields are ever read: none of them tells who the patient is.
///
/// Texts are printable as they stand, so that nothing in a file can steer a terminal.
struct DicomSlice: Equatable {
    /// The link's name in the private folder.
    let file: String
    /// How many of the fields asked for it has; 0 for a file that cannot be read.
    var fieldCount = 0
    var transferSyntax = ""
    var kind = ""
    /// Names this very image, to tell copies from different images of the same place; never kept.
    var instance = ""
    var modality = ""
    var imageType: [String] = []
    /// Names the series, to tell series apart; never kept.
    var series = ""
    var seriesNumber: Int?
    /// The image's number in its series: names it in messages, and says nothing of its place.
    var instanceNumber: Int?
    var acquisitionNumber: Int?
    /// When it was acquired, to tell acquisitions apart; never kept.
    var acquisitionTime = ""
    var temporalPosition: Int?
    var frames = 1
    var rows = 0
    var columns = 0
    /// Between rows, then between columns, mm.
    var pixelSpacing: [Double] = []
    /// Centre of the first pixel, LPS mm.
    var position: Point3?
    /// Digits after the point with which the position is written.
    var positionDecimals = 0
    /// Directions in which the column and the row index grow, LPS, square to each other.
    var along: (x: Point3, y: Point3)?
    var thicknessMillimetres: Double?
    var kernel: String?
    var contrastAgent: String?
    var manufacturer: String?
    var model: String?
    var pixels = DicomPixelFormat()

    init(file: String) { self.file = file }

    static func == (a: DicomSlice, b: DicomSlice) -> Bool { a.file == b.file && a.instance == b.instance }

    /// One CT image a file.
    static let ctImage = "1.2.840.10008.5.1.4.1.1.2"
    /// Many CT images a file.
    static let multiFrameCT = ["1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"]
    /// Pictures of a screen, of one image or several a file.
    static let screenPictures = "1.2.840.10008.5.1.4.1.1.7"

    private static let projections = ["MIP", "MINIP", "PROJECTION", "MAXIMUM INTENSITY", "MINIMUM INTENSITY"]
    private static let renderings = ["VRT", "VR", "VOLREN", "SSD", "SURFACE", "RENDER", "3D", "CURVED", "CPR", "SCREEN SAVE"]

    private var types: [String] { imageType.map { $0.uppercased() } }

    var isLocaliser: Bool { types.contains("LOCALIZER") }

    /// What the image is instead of a slice of measured HU, in words: a projection through many slices, or a picture of them.
    var substitute: String? {
        func holds(_ words: [String]) -> Bool {
            types.dropFirst(2).contains { type in words.contains { type == $0 || type.hasPrefix($0 + " ") || type.hasPrefix($0 + "_") } }
        }
        if holds(Self.projections) { return "intensity projections" }
        return holds(Self.renderings) ? "rendered or curved pictures" : nil
    }

    /// Whether it was computed from other images.
    var isDerived: Bool { types.first == "DERIVED" }

    /// What messages call the image; its file's name could hold the patient's.
    var name: String {
        let place = position.map { "at \(CTAcquisition.brief($0.z)) mm" }
        guard let instanceNumber else { return "the slice \(place ?? "without a place")" }
        return "image number \(instanceNumber)\(place.map { " (\($0))" } ?? "")"
    }
}
