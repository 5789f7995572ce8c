import ArgumentParser
import Engine
import Foundation

/// `workbench lungs`: the lung mask of one CT.
struct LungsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lungs",
        abstract: "Find the lungs in a thorax CT: a mask with 1 in the patient's right lung and 2 in the left.",
        discussion: "A scan that is not fit (lungs cut off, none found, not Hounsfield units) is refused: no mask is written.")

    @Argument(help: "Thorax CT in Hounsfield units: .nii, .nii.gz, or a folder with one DICOM series.")
    var image: String

    @Option(name: .long, help: "Where the mask goes, .nii or .nii.gz.")
    var out: String

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try NiftiOutput.check("--out", out)
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        var files = CommandFiles()
        files.reads("IMAGE", image)
        files.writes("--out", out)
        try files.check()
        let source = try CTImage.read(URL(fileURLWithPath: image), parallel: parallel)
        for note in source.headerNotes { Output.message("note: \(note)") }
        let ct = source.volume
        let clock = ContinuousClock()
        let start = clock.now
        let lungs = try Failure.naming(image) { try LungSegmentation.segment(ct, parallel: parallel) }
        let seconds = (clock.now - start) / .seconds(1)
        let quality = lungs.quality
        if quality.verdict != .refused { try NiftiFile.write(lungs.mask, to: URL(fileURLWithPath: out), like: URL(fileURLWithPath: image)) }
        try report(quality, seconds: seconds)
        if quality.verdict == .refused { throw Failure("\(image) is refused: " + quality.reasons.joined(separator: "; ")) }
    }

    private func report(_ quality: LungMaskQuality, seconds: Double) throws {
        if json {
            try JSONOutput.print(
                LungsReport(
                    quality: quality.verdict.rawValue, reasons: quality.reasons, rightMl: quality.rightMillilitres,
                    leftMl: quality.leftMillilitres, seconds: seconds))
        } else if quality.verdict != .refused {
            print("right \(Int(quality.rightMillilitres.rounded())) mL, left \(Int(quality.leftMillilitres.rounded())) mL")
            for reason in quality.reasons { print("warning: \(reason)") }
            print("written to \(out)")
        }
    }
}

private struct LungsReport: Encodable {
    let quality: String
    let reasons: [String]
    let rightMl, leftMl, seconds: Double
}
