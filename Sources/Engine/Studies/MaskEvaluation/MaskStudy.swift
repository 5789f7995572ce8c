import Cohorts
import Foundation
import Foundations
import Imaging
import Inference
import Learning
import Masks
import SessionFormat

/// Masks of held-out phantoms by several encoders, by LAA-950 and by a classifier of 32 mm boxes that errs nowhere, against the truth.
struct MaskStudy {
    /// One method: its name and, of each subtype, how well its masks meet the truth.
    struct Method {
        let name: String
        var subtypes: [MaskEvaluation]
    }

    let session: SessionFolder
    let cohort: PreparedCohort
    let stride: Int
    let parallel: Parallel
    /// 1 in a subject's lesions of a kind, on the CT's grid.
    let truth: (PreparedSubject, String) throws -> Volume<UInt8>
    let journal: Journal

    /// - Parameter classifiers: `[encoder][subtype]`; the masks of the first encoder stay in the session.
    func run(
        _ held: [PreparedSubject], classifiers: [[Classifier]], _ report: @escaping @Sendable (StageProgress) -> Void
    ) throws -> [Method] {
        let empty = EmphysemaSubtype.allCases.map { _ in MaskEvaluation() }
        var encoders = classifiers.map { Method(name: $0[0].encoder.name, subtypes: empty) }
        var threshold = Method(name: "LAA-950", subtypes: empty)
        var faultless = Method(name: "faultless boxes", subtypes: empty)
        let segmentation = SessionSegmentation(
            session, atlas: cohort.atlas, classifiers: classifiers[0], stride: stride, parallel: parallel)
        let total = held.count * classifiers.count
        for (index, subject) in held.enumerated() {
            let lesions = try EmphysemaSubtype.allCases.map { try truth(subject, $0.rawValue) }
            let lungs = try subject.readLungs()
            let ct = try NiftiFile.readCT(subject.image)
            let regions = zip(EmphysemaSubtype.allCases, lesions).map { LesionRegion.voxels($1, lungs: lungs, subtype: $0) }
            let isHealthy = lesions.allSatisfy { !$0.voxels.contains(1) }
            func add(_ subtype: Int, _ region: Volume<UInt8>, _ lesion: Volume<UInt8>, _ chance: Volume<Float>?, to method: inout Method) {
                method.subtypes[subtype].add(
                    subject.id, region: region, lesion: lesion, probability: chance, truth: (regions[subtype], lesions[subtype]),
                    lungs: lungs, isHealthy: isHealthy)
            }
            for encoder in classifiers.indices {
                report(
                    StageProgress(
                        stage: "masks", done: index * classifiers.count + encoder, total: total,
                        detail: "\(subject.id), \(encoders[encoder].name)"))
                let masks =
                    encoder == 0
                    ? try segmentation.segment(subject, cohort: cohort.catalogue, journal: journal) { _, _ in }
                    : try segment(subject, ct, lungs, classifiers[encoder])
                for (subtype, mask) in masks.enumerated() {
                    add(subtype, mask.mask, mask.lesions?.mask ?? mask.mask, mask.probability, to: &encoders[encoder])
                }
            }
            let low = LesionMask.lowAttenuation(ct, lungs: lungs)
            let perfect = perfectMasks(regions, lesions, ct: ct, lungs: lungs)
            for subtype in EmphysemaSubtype.allCases.indices {
                add(subtype, low, low, nil, to: &threshold)
                add(subtype, regions[subtype], perfect[subtype], nil, to: &faultless)
            }
        }
        report(StageProgress(stage: "masks", done: total, total: total))
        return encoders + [threshold, faultless]
    }

    private func segment(_ subject: PreparedSubject, _ ct: Volume<Int16>, _ lungs: Volume<UInt8>, _ classifiers: [Classifier]) throws
        -> [EmphysemaMask]
    {
        let image = try cohort.catalogue.image(of: subject, parallel: parallel)
        guard
            let found = try EmphysemaMask.segment(
                image, atlas: cohort.atlas, classifiers: classifiers, stride: stride, parallel: parallel)
        else { return [] }
        return EmphysemaMask.withLesions(found.masks, classifiers: classifiers, ct: ct, lungs: lungs, parallel: parallel)
    }

    /// The lesions that density finds where the truth itself says which subtype is about: the best that boxes and density can do.
    private func perfectMasks(
        _ regions: [Volume<UInt8>], _ lesions: [Volume<UInt8>], ct: Volume<Int16>, lungs: Volume<UInt8>
    ) -> [Volume<UInt8>] {
        let chances = zip(EmphysemaSubtype.allCases, lesions).map { subtype, lesion in
            LesionRegion.fractions(lesion, lungs: lungs).mapVoxels { min(1, $0 / (2 * Float(LesionRegion.leastFraction(subtype)))) }
        }
        return LesionMask.find(
            in: ct, lungs: lungs, subtypes: EmphysemaSubtype.allCases, chances: chances,
            from: EmphysemaSubtype.allCases.map { _ in Self.leastChance }, parallel: parallel)
    }

    /// A tenth of what makes a region.
    private static let leastChance = 0.05
}
