import Foundations

/// How a transfer syntax packs pixels, and what unpacks them.
enum DicomCompression: Equatable {
    /// Not packed, or the whole file is deflated: the header reader takes the pixels out.
    case none
    /// A program of dcmtk's that writes the file again without compression.
    case unpacked(by: ExternalTool)
    /// JPEG 2000, which the converter of series decodes.
    case converted
    /// What it is called, and what unpacks it elsewhere.
    case unknown(name: String, remedy: String)

    private static let elsewhere = "decompress the files first, for example with gdcmconv --raw"

    init(transferSyntax: String) {
        let family = "1.2.840.10008.1.2"
        guard transferSyntax.hasPrefix(family) else {
            self = transferSyntax.isEmpty ? .none : .unknown(name: "transfer syntax \(transferSyntax)", remedy: Self.elsewhere)
            return
        }
        switch transferSyntax.dropFirst(family.count) {
        case "", ".1", ".1.99", ".2": self = .none
        case ".4.50", ".4.51", ".4.53", ".4.55", ".4.57", ".4.70": self = .unpacked(by: .jpegDecoder)
        case ".4.80", ".4.81": self = .unpacked(by: .jpegLSDecoder)
        case ".5": self = .unpacked(by: .runLengthDecoder)
        case ".4.90", ".4.91": self = .converted
        case ".4.92", ".4.93": self = .unknown(name: "JPEG 2000 part 2 (transfer syntax \(transferSyntax))", remedy: Self.elsewhere)
        case ".4.201", ".4.202", ".4.203":
            self = .unknown(
                name: "high-throughput JPEG 2000 (transfer syntax \(transferSyntax))",
                remedy: "decompress the files first, for example with dcm2dcm of dcm4che")
        case let rest where rest.hasPrefix(".4.10"):
            self = .unknown(
                name: "a film (MPEG, transfer syntax \(transferSyntax))", remedy: "export the series as one image a slice")
        default: self = .unknown(name: "transfer syntax \(transferSyntax)", remedy: Self.elsewhere)
        }
    }

    /// The whole file is packed: its size says nothing of its pixels.
    static let deflated = "1.2.840.10008.1.2.1.99"

    /// Syntaxes that alter the values.
    static let lossy: Set<String> = [
        "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55", "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.91",
    ]
}
