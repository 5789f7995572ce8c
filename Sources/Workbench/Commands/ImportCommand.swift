import ArgumentParser
import Foundation
import Foundations
import Imaging

/// `workbench import`: one DICOM series to NIfTI.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring one DICOM series of a thorax CT into a NIfTI file.",
        discussion: """
            The folder must hold one complete series: missing, unevenly spaced or mixed slices are refused; localisers, copies and other objects \
            are left out and named. Positions and directions say where a slice lies, never its number. Pixels without a measurement become \
            -1024 HU; where air or muscle do not read as they must, a warning says so. Kernel, slice thickness and contrast agent are kept \
            beside the image as FILE.json; nothing that tells who the patient is enters any file or message. Reads by dcmtk (Debian: dcmtk), \
            JPEG 2000 by dcm2niix.
            """)

    @Argument(help: "Folder with the series' DICOM files, in any order and under any names.")
    var folder: String

    @Option(name: .long, help: "Where the image goes, .nii or .nii.gz.")
    var out: String

    @Option(name: .long, help: "Number of the series to take, where the folder holds several.")
    var series: Int?

    @Option(name: .long, help: "Number of the volume to take, where the series holds several: a refusal lists them.")
    var volume: Int?

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        try NiftiOutput.check("--out", out)
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let target = URL(fileURLWithPath: out)
        let source = URL(fileURLWithPath: folder, isDirectory: true)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw Failure("\(source.path) is not a folder; expected the folder with the series' DICOM files")
        }
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("DICOMDIR", folder)
        files.writes("--out", out)
        files.writes("the description beside --out,", CTAcquisition.file(beside: target).path)
        try files.check()
        let image = try DicomImport(
            source, series: series, volume: volume, parallel: threads.map(Parallel.init(threads:)) ?? .allProcessors
        ).read()
        try image.write(to: target)
        try report(image)
    }

    private func report(_ image: CTImage) throws {
        let volume = image.volume
        let spacing = volume.spacingMillimetres
        let notes = image.acquisition?.notes ?? []
        let cautions = image.acquisition?.densitometryCautions ?? []
        let doubts = image.acquisition?.valueCautions ?? []
        for doubt in doubts { Output.message("warning: \(doubt)") }
        if json {
            return try JSONOutput.print(
                ImportReport(
                    extent: [volume.extent.x, volume.extent.y, volume.extent.z], spacingMm: [spacing.x, spacing.y, spacing.z],
                    axes: Orientation.name(of: volume.voxelToWorld), kernel: image.acquisition?.kernel,
                    sliceThicknessMm: image.acquisition?.sliceThicknessMillimetres, contrast: image.acquisition?.contrastAgent,
                    notes: notes,
                    cautions: cautions, written: out))
        }
        let size = [spacing.x, spacing.y, spacing.z].map { String(format: "%g", ($0 * 1000).rounded() / 1000) }.joined(separator: "×")
        print("\(volume.extent) voxels of \(size) mm, axes \(Orientation.name(of: volume.voxelToWorld))")
        if let acquisition = image.acquisition { print(acquisition.summary) }
        for note in notes { print("note: \(note)") }
        for caution in cautions where !doubts.contains(caution) { print("for measuring emphysema: \(caution)") }
        print("written to \(out) and \(CTAcquisition.file(beside: URL(fileURLWithPath: out)).lastPathComponent)")
    }
}

private struct ImportReport: Encodable {
    let extent: [Int]
    let spacingMm: [Double]
    let axes: String
    let kernel: String?
    let sliceThicknessMm: Double?
    let contrast: String?
    let notes, cautions: [String]
    let written: String
}
