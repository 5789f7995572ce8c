import ArgumentParser
import Foundation
import Foundations
import Imaging

/// `workbench lungs`: the lung mask of one CT.
struct LungsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lungs",
        abstract: "Find the lungs in a thorax CT: a mask with 1 in the patient's right lung and 2 in the left.",
        discussion: """
            Air that may not be lung (bowel gas, mostly) gets label 3, which counts as no lung wherever the mask is read. A scan that is not fit \
            (lungs cut off, none found, not Hounsfield units) is refused: no mask is written, unless --even-if-refused asks for it.
            """)

    @Argument(help: "Thorax CT in Hounsfield units: .nii, .nii.gz, or a folder with one DICOM series.")
    var image: String

    @Option(name: .long, help: "Where the mask goes, .nii or .nii.gz.")
    var out: String

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Flag(name: .long, help: "Write windpipe and bronchi, out to the segmental ones, as label 4.")
    var airways = false

    @Flag(name: .long, help: "Write the mask of a refused scan, too, to see why; the exit status stays 1.")
    var evenIfRefused = false

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try NiftiOutput.check("--out", out)
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        var files = CommandFiles(kept: KeptFolder.all)
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
        let isRefused = quality.verdict == .refused
        if !isRefused || evenIfRefused {
            try NiftiFile.write(
                airways ? lungs.maskWithAirway() : lungs.mask, to: URL(fileURLWithPath: out), like: URL(fileURLWithPath: image),
                description: LungMask.fileDescription)
        }
        try report(lungs, seconds: seconds)
        if isRefused {
            let fate = evenIfRefused ? " (the mask was written to \(out), to see why)" : ""
            let summary = LungMaskQuality.summary(of: quality.reasons)
            let isShort = summary != quality.reasons.joined(separator: "; ")
            throw Failure("\(image) is refused\(fate): \(summary)\(isShort ? " (--json lists all)" : "")")
        }
    }

    private func report(_ lungs: SegmentedLungs, seconds: Double) throws {
        let quality = lungs.quality
        if json {
            try JSONOutput.print(
                LungsReport(
                    quality: quality.verdict.rawValue, reasons: quality.reasons, rightMl: quality.rightMillilitres,
                    leftMl: quality.leftMillilitres, airwayMl: lungs.airwayMillilitres, doubtfulMl: lungs.doubtfulMillilitres,
                    seconds: seconds))
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
    let rightMl, leftMl, airwayMl, doubtfulMl, seconds: Double
}
