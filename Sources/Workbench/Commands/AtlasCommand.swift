import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Imaging

/// `workbench atlas`: the atlas folder from one healthy subject's lungs.
struct AtlasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "atlas", abstract: "Make an atlas from one healthy subject's lung mask: 1 mm mask, landmarks, neighbours.",
        discussion: "The mask keeps its axis order and signs; every subject will be brought to them.")

    @Option(name: .long, help: "Lung mask, .nii or .nii.gz: one label, right and left, or lobes.")
    var lungs: String

    @Option(name: .long, help: "The CT of that subject, kept beside the mask for viewing.")
    var image: String?

    @Option(
        name: .long,
        help: "Landmarks to use instead of a sweep: .npy, whole numbers, n×3 lower corners (x, y, z) in voxels of the 1 mm mask.")
    var landmarks: String?

    @Option(name: .long, help: "Folder to write.")
    var out: String

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func run() throws {
        let folder = URL(fileURLWithPath: out, isDirectory: true)
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("--lungs", lungs)
        files.reads("--image", image)
        files.reads("--landmarks", landmarks)
        files.fills("--out", out, as: AtlasFolder.kept)
        try files.check()
        let labels = try LungMask.readLabels(URL(fileURLWithPath: lungs))
        let parallel = Parallel.allProcessors
        let mask = try Failure.naming(lungs) { try LungMask.normalise(labels: labels, parallel: parallel) }
        let given = try landmarks.map { try Landmarks.read(URL(fileURLWithPath: $0)) }
        let atlas = try Failure.naming(landmarks ?? lungs) {
            try Atlas(lungs: Resampler.labelsToMillimetres(mask, parallel: parallel), landmarks: given)
        }
        let ct = try image.map { try NiftiFile.readCT(URL(fileURLWithPath: $0)) }
        try AtlasFolder.write(atlas, image: ct, to: folder, parallel: parallel)
        let report = AtlasReport(
            landmarks: atlas.landmarks.count, extent: [atlas.lungs.extent.x, atlas.lungs.extent.y, atlas.lungs.extent.z],
            axes: Orientation.name(of: atlas.lungs.voxelToWorld), checksum: atlas.checksum)
        if json { return try JSONOutput.print(report) }
        print("\(report.landmarks) landmarks in \(atlas.lungs.extent) voxels of 1 mm, axes \(report.axes)")
        print("written to \(folder.path)")
    }
}

private struct AtlasReport: Encodable {
    let landmarks: Int
    let extent: [Int]
    let axes: String
    let checksum: String
}
