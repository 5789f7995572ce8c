import ArgumentParser
import Engine
import Foundation
import Synchronization

/// `workbench segment`: a dense mask of one subtype in any CT.
struct SegmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment", abstract: "Predict a mask of centrilobular (cle) or paraseptal emphysema, in the CT's own grid.",
        discussion: """
            Either of one CT (--image and --out), or of a prepared cohort's subject (--cohort and --subject): then lungs and registration are the \
            prepared ones, and mask and probabilities go to the session's masks/, where `workbench open --cohort` shows them. Research use only.
            """)

    @Option(help: "Session with the encoder and the subtype's classifier.")
    var session: String

    @Option(help: "Thorax CT in Hounsfield units: .nii, .nii.gz, or a folder with one DICOM series.")
    var image: String?

    @Option(help: "Prepared cohort, instead of --image.")
    var cohort: String?

    @Option(help: "Subject of that cohort.")
    var subject: String?

    @Option(help: "cle or paraseptal.")
    var subtype: EmphysemaSubtype

    @Option(help: "Lung mask in the CT's grid; segmented where none is given.")
    var lungs: String?

    @Option(help: "Distance between classified voxels, mm: 16, 8, 4, 2 or 1.")
    var stride = 4

    @Option(help: "Where the mask goes.")
    var out: String?

    @Option(help: "Where the probabilities go.")
    var probability: String?

    @Option(help: "Threads.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        let ofImage = image != nil && out != nil && cohort == nil && subject == nil
        let ofSubject = cohort != nil && subject != nil && image == nil && out == nil && lungs == nil && probability == nil
        guard ofImage || ofSubject else { throw ValidationError("expected --image and --out, or --cohort and --subject") }
        if let out { try NiftiOutput.check("--out", out) }
        if let probability { try NiftiOutput.check("--probability", probability) }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard [1, 2, 4, 8, 16].contains(stride) else { throw ValidationError("--stride is \(stride), expected 1, 2, 4, 8 or 16") }
    }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        for file in [out, probability].compactMap({ $0 }) { try AtomicFile.requireWritable(URL(fileURLWithPath: file)) }
        let description = try SessionDescription.read(folder)
        let atlas = try AtlasFolder.read(folder.atlas)
        guard atlas.checksum == description.atlas else {
            throw Failure(
                "\(folder.atlas.path) is not the atlas that the session \(folder.name) was begun with; restore it from a copy of the session"
            )
        }
        if let image, let out {
            try segment(image, into: out, folder, atlas, parallel)
        } else if let cohort, let subject {
            try segment(subject, of: cohort, folder, atlas, parallel)
        }
    }

    private func segment(_ image: String, into out: String, _ folder: SessionFolder, _ atlas: Atlas, _ parallel: Parallel) throws {
        let source = URL(fileURLWithPath: image)
        let ct = try CTImage.read(source, parallel: parallel)
        let given = try lungs.map { try NiftiFile.readLabels(URL(fileURLWithPath: $0)) }
        let prepared = try Failure.naming(([image] + (lungs.map { [$0] } ?? [])).joined(separator: " with ")) {
            try PreparedImage.prepare(ct: ct.volume, lungs: given, atlas: atlas, parallel: parallel)
        }
        let model = try InferenceModel.open(folder, parallel: parallel)
        let classifier = try Classifier.read(folder, subtype, model: model)
        for reason in prepared.quality.reasons + (ct.acquisition?.densitometryCautions ?? []) { Output.message("warning: \(reason)") }

        let line = ProgressLine()
        let clock = ContinuousClock()
        let began = clock.now
        guard
            let found = try EmphysemaMask.segment(
                prepared.image, atlas: atlas, classifiers: [classifier], stride: stride, parallel: parallel,
                progress: { line.show("voxels", done: $0, total: $1) })
        else { return }
        line.finish()
        let seconds = (clock.now - began) / .seconds(1)
        let mask = found.masks[0]
        var subject = source.lastPathComponent
        for ending in [".gz", ".nii"] where subject.hasSuffix(ending) { subject.removeLast(ending.count) }
        let provenance = try MaskProvenance(
            subject: subject, image: source, lungs: prepared.image.lungs, classifier: classifier, atlas: atlas, stride: stride, mask: mask)
        try provenance.write(mask, to: URL(fileURLWithPath: out), probability: probability.map { URL(fileURLWithPath: $0) })
        try report(mask.volumes, seconds: seconds, points: found.points, written: out)
    }

    private func segment(_ subject: String, of cohort: String, _ folder: SessionFolder, _ atlas: Atlas, _ parallel: Parallel) throws {
        let catalogue = try CohortCatalogue(URL(fileURLWithPath: cohort, isDirectory: true))
        guard catalogue.atlas.checksum == atlas.checksum else {
            throw Failure("\(cohort) was prepared with another atlas than the session \(folder.name); prepare it with \(folder.atlas.path)")
        }
        let found = try catalogue.subject(subject)
        let model = try InferenceModel.open(folder, parallel: parallel)
        let classifier = try Classifier.read(folder, subtype, model: model)
        let line = ProgressLine()
        let points = Mutex(0)
        let clock = ContinuousClock()
        let began = clock.now
        let segmentation = SessionSegmentation(folder, atlas: atlas, classifiers: [classifier], stride: stride, parallel: parallel)
        let masks = try segmentation.segment(found, cohort: catalogue, journal: nil) { done, total in
            points.withLock { $0 = total }
            line.show("voxels", done: done, total: total)
        }
        line.finish()
        guard let mask = masks.first else { return }
        let target = folder.mask(subject: subject, subtype: subtype.rawValue)
        try report(
            mask.volumes, seconds: (clock.now - began) / .seconds(1), points: points.withLock { $0 }, written: target.path)
    }

    private func report(_ volumes: EmphysemaVolumes, seconds: Double, points: Int, written: String) throws {
        if json {
            try JSONOutput.print(
                Report(
                    subtype: subtype.rawValue, lung_ml: volumes.total.lung_ml, emphysema_ml: volumes.total.emphysema_ml,
                    percent: volumes.total.percent, right: volumes.right, left: volumes.left, stride: stride, seconds: seconds,
                    voxels_per_second: Double(points) / seconds))
            return
        }
        func row(_ name: String, _ region: EmphysemaVolumes.Region) {
            print(
                name.padded(14),
                String(
                    format: "lung %7.1f mL  %@ %7.1f mL  %5.1f %%", region.lung_ml, subtype.rawValue, region.emphysema_ml, region.percent))
        }
        row("both lungs", volumes.total)
        for (side, lung) in [("right", volumes.right), ("left", volumes.left)] {
            row(side, lung.whole)
            row("  upper third", lung.upper)
            row("  middle third", lung.middle)
            row("  lower third", lung.lower)
        }
        print(
            "stride \(stride) mm, \(points) voxels classified in \(Output.number(seconds, 1)) s; written to \(written) (research use only)")
    }

    private struct Report: Encodable {
        let subtype: String
        let lung_ml, emphysema_ml, percent: Double
        let right, left: EmphysemaVolumes.Lung
        let stride: Int
        let seconds, voxels_per_second: Double
    }
}
