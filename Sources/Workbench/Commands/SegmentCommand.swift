import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Imaging
import Inference
import Learning
import Masks
import SessionFormat
import Synchronization

/// What a mask's file holds.
enum MaskKind: String, ExpressibleByArgument, CaseIterable {
    case region, lesion, both
}

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

    @Option(
        name: .customLong("subtype"),
        help: "cle or paraseptal; given twice, both at once, with --out NAME.nii.gz as NAME.cle.nii.gz and NAME.paraseptal.nii.gz.")
    var subtypes: [EmphysemaSubtype]

    @Option(help: "Lung mask in the CT's grid; segmented where none is given.")
    var lungs: String?

    @Option(help: "Distance between classified voxels, mm: 16, 8, 4, 2 or 1.")
    var stride = 4

    @Option(help: "Where the mask goes.")
    var out: String?

    @Option(help: "Where the probabilities go.")
    var probability: String?

    @Option(help: "region, lesion or both: where the box around a voxel says disease, or its low-density voxels (NAME.lesion.nii.gz).")
    var kind = MaskKind.both

    @Flag(help: "Segment with a classifier that has no skill, too; what it writes says UNFIT.")
    var unfitAnyway = false

    @Option(help: "Threads.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        let ofImage = image != nil && out != nil && cohort == nil && subject == nil
        guard kind == .both || image != nil else {
            throw ValidationError("--kind is for --image and --out; a session's masks/ gets both")
        }
        let ofSubject = cohort != nil && subject != nil && image == nil && out == nil && lungs == nil && probability == nil
        guard ofImage || ofSubject else { throw ValidationError("expected --image and --out, or --cohort and --subject") }
        if let out { try NiftiOutput.check("--out", out) }
        if let probability { try NiftiOutput.check("--probability", probability) }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard !subtypes.isEmpty, Set(subtypes).count == subtypes.count else {
            throw ValidationError("expected --subtype cle or --subtype paraseptal, each once at most")
        }
        guard [1, 2, 4, 8, 16].contains(stride) else { throw ValidationError("--stride is \(stride), expected 1, 2, 4, 8 or 16") }
    }

    func run() throws {
        let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("--session", session)
        files.reads("--image", image)
        files.reads("--lungs", lungs)
        files.reads("--cohort", cohort)
        for subtype in subtypes {
            files.writes("--out", out.map { place($0, subtype).path })
            files.writes("the description beside --out,", out.map { MaskProvenance.file(beside: place($0, subtype)).path })
            files.writes(
                "the lesions beside --out,", kind != .both ? nil : out.map { MaskProvenance.lesionFile(beside: place($0, subtype)).path })
            files.writes("--probability", probability.map { place($0, subtype).path })
        }
        try files.check()
        let description = try SessionDescription.read(folder)
        let atlas = try AtlasFolder.read(folder.atlas)
        guard atlas.checksum == description.atlas else {
            throw Failure(
                "\(folder.atlas.path) is not the atlas that the session \(folder.name) was started with; restore it from a copy of the session"
            )
        }
        if let image, let out {
            try segment(image, into: out, folder, atlas, parallel)
        } else if let cohort, let subject {
            try segment(subject, of: cohort, folder, atlas, parallel)
        }
    }

    /// Where a subtype's file goes: the name that was given, with the subtype in it where both are asked for.
    private func place(_ name: String, _ subtype: EmphysemaSubtype) -> URL {
        guard subtypes.count > 1 else { return URL(fileURLWithPath: name) }
        let ending = name.hasSuffix(".nii.gz") ? ".nii.gz" : ".nii"
        return URL(fileURLWithPath: "\(name.dropLast(ending.count)).\(subtype.rawValue)\(ending)")
    }

    private func segment(_ image: String, into out: String, _ folder: SessionFolder, _ atlas: Atlas, _ parallel: Parallel) throws {
        let source = URL(fileURLWithPath: image)
        let ct = try CTImage.read(source, parallel: parallel)
        for note in ct.headerNotes { Output.message("note: \(note)") }
        let given = try lungs.map { try LungMask.readLabels(URL(fileURLWithPath: $0)) }
        let prepared = try Failure.naming(([image] + (lungs.map { [$0] } ?? [])).joined(separator: " with ")) {
            try PreparedImage.prepare(ct: ct.volume, lungs: given, atlas: atlas, parallel: parallel)
        }
        let model = try InferenceModel.open(folder, parallel: parallel)
        let classifiers = try classifiers(folder, model)
        warn(prepared.quality, ct.acquisition, voxelToWorld: ct.volume.voxelToWorld)

        let line = ProgressLine()
        let clock = ContinuousClock()
        let began = clock.now
        guard
            let found = try EmphysemaMask.segment(
                prepared.image, atlas: atlas, classifiers: classifiers, stride: stride, parallel: parallel,
                progress: { line.show("voxels", done: $0, total: $1) })
        else { return }
        line.finish()
        let seconds = (clock.now - began) / .seconds(1)
        let masks = EmphysemaMask.withLesions(
            found.masks, classifiers: classifiers, ct: ct.volume, lungs: prepared.image.lungs, parallel: parallel)
        var subject = source.lastPathComponent
        for ending in [".gz", ".nii"] where subject.hasSuffix(ending) { subject.removeLast(ending.count) }
        for (classifier, mask) in zip(classifiers, masks) {
            let provenance = try MaskProvenance(
                subject: subject, image: source, lungs: prepared.image.lungs, classifier: classifier, atlas: atlas, stride: stride,
                mask: mask)
            let (target, map) = (place(out, mask.subtype), probability.map { place($0, mask.subtype) })
            switch kind {
            case .region: try provenance.write(mask, to: target, probability: map, withLesions: false, like: source)
            case .lesion: try provenance.writeLesions(mask, to: target, probability: map, like: source)
            case .both: try provenance.write(mask, to: target, probability: map, like: source)
            }
        }
        try report(masks, classifiers, seconds: seconds, points: found.points) { place(out, $0).path }
    }

    private func segment(_ subject: String, of cohort: String, _ folder: SessionFolder, _ atlas: Atlas, _ parallel: Parallel) throws {
        let catalogue = try folder.catalogue(at: URL(fileURLWithPath: cohort, isDirectory: true))
        let found = try catalogue.subject(subject)
        warn(found.quality, found.acquisition, voxelToWorld: try NiftiFile.readHeader(found.image).voxelToWorld)
        let model = try InferenceModel.open(folder, parallel: parallel)
        let classifiers = try classifiers(folder, model)
        let line = ProgressLine()
        let points = Mutex(0)
        let clock = ContinuousClock()
        let began = clock.now
        let segmentation = SessionSegmentation(folder, atlas: atlas, classifiers: classifiers, stride: stride, parallel: parallel)
        let masks = try segmentation.segment(found, cohort: catalogue, journal: try sharedJournal(folder)) { done, total in
            points.withLock { $0 = total }
            line.show("voxels", done: done, total: total)
        }
        line.finish()
        try report(masks, classifiers, seconds: (clock.now - began) / .seconds(1), points: points.withLock { $0 }) {
            folder.mask(subject: subject, subtype: $0.rawValue).path
        }
    }

    private func classifiers(_ folder: SessionFolder, _ model: InferenceModel) throws -> [Classifier] {
        let classifiers = try subtypes.map { try Classifier.read(folder, $0, model: model) }
        if !unfitAnyway {
            for classifier in classifiers {
                do { try classifier.requireFit() } catch { throw Failure("\(error), or give --unfit-anyway to segment all the same") }
            }
        }
        return classifiers
    }

    /// The session's journal, so that whoever has the session open sees the masks; nil while a run writes in it, whose next checkpoint makes them stale.
    private func sharedJournal(_ folder: SessionFolder) throws -> Journal? {
        guard FileLock.isHeld(folder) else { return try Journal(folder) }
        Output.message("note: a run works on \(folder.name); who has it open sees the masks when it lists the subjects again")
        return nil
    }

    /// What the numbers are to be taken with: the same as on the screens.
    private func warn(_ quality: SubjectQuality, _ acquisition: CTAcquisition?, voxelToWorld: Affine3) {
        for reason in quality.reasons + ScanCautions.of(acquisition, voxelToWorld: voxelToWorld) { Output.message("warning: \(reason)") }
    }

    /// One object for one subtype; a list of them for both.
    private func report(
        _ masks: [EmphysemaMask], _ classifiers: [Classifier], seconds: Double, points: Int, written: (EmphysemaSubtype) -> String
    ) throws {
        for (mask, classifier) in zip(masks, classifiers) {
            if classifier.skill == nil {
                Output.message(
                    "warning: the \(mask.subtype.word) classifier was never measured on subjects held out; its mask may mean nothing")
            }
            if let complaint = classifier.skill?.complaint { Output.message("warning: UNFIT: \(complaint)") }
            if let reason = mask.lesions?.volumes.implausible(region: mask.volumes) { Output.message("warning: IMPLAUSIBLE: \(reason)") }
        }
        guard json else {
            for mask in masks { show(mask, written: written(mask.subtype)) }
            print("stride \(stride) mm, \(points) voxels classified in \(Output.number(seconds, 1)) s (research use only)")
            return
        }
        let reports = zip(masks, classifiers).map { mask, classifier in
            Report(
                subtype: mask.subtype.rawValue, lung_ml: mask.volumes.total.lung_ml, emphysema_ml: mask.volumes.total.emphysema_ml,
                percent: mask.volumes.total.percent, right: mask.volumes.right, left: mask.volumes.left, stride: stride, seconds: seconds,
                voxels_per_second: Double(points) / seconds, operating_point: Double(EmphysemaMask.threshold), skill: classifier.skill,
                unfit: classifier.skill?.complaint, implausible: mask.lesions?.volumes.implausible(region: mask.volumes),
                lesion_ml: mask.lesions?.volumes.lesion, laa950_ml: mask.lesions?.volumes.lowAttenuation,
                laa950_all_ml: mask.lesions?.volumes.allLowAttenuation)
        }
        if reports.count == 1 { try JSONOutput.print(reports[0]) } else { try JSONOutput.print(["masks": reports]) }
    }

    private func show(_ mask: EmphysemaMask, written: String) {
        let (volumes, subtype) = (mask.volumes, mask.subtype)
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
        if let lesions = mask.lesions?.volumes {
            print(
                String(
                    format: "lesions %.1f mL (%.1f %% of lung); below -950 HU %.1f of %.1f mL", lesions.lesion.total.emphysema_ml,
                    lesions.lesion.total.percent, lesions.lowAttenuation.total.emphysema_ml, lesions.allLowAttenuation.total.emphysema_ml))
        }
        print("written to \(written)")
    }

    private struct Report: Encodable {
        let subtype: String
        let lung_ml, emphysema_ml, percent: Double
        let right, left: EmphysemaVolumes.Lung
        let stride: Int
        let seconds, voxels_per_second: Double
        let operating_point: Double
        let skill: ClassifierSkill?
        let unfit, implausible: String?
        let lesion_ml, laa950_ml, laa950_all_ml: EmphysemaVolumes?
    }
}
