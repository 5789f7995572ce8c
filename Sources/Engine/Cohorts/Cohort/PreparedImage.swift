import Foundations
import Imaging

/// One CT brought to the atlas: what cutting patches and dense segmentation both start from.
package struct PreparedImage: Sendable {
    /// The CT in the atlas's axis order and signs, 1 mm isotropic, HU, not clipped.
    package let image: Volume<Int16>
    /// 0 outside, 1 right, 2 left; the CT's own grid.
    package let lungs: Volume<UInt8>
    /// Points of the atlas → points of the subject, RAS mm.
    package let atlasToSubject: Affine3
    /// mm of the subject → voxels of `image`.
    package let worldToVoxel: Affine3

    /// An image whose lungs and map to the atlas are known: reorients by the header's affine and resamples to 1 mm by cubic splines.
    package init(ct: Volume<Int16>, lungs: Volume<UInt8>, atlasToSubject: Affine3, atlas: Atlas, parallel: Parallel) {
        precondition(ct.sharesGrid(with: lungs), "PreparedImage: CT \(ct.extent) and lungs \(lungs.extent) are on different grids")
        image = Resampler.toMillimetres(ct.reoriented(like: atlas.lungs.voxelToWorld, parallel: parallel), parallel: parallel)
        self.lungs = lungs
        self.atlasToSubject = atlasToSubject
        guard let inverse = image.voxelToWorld.inverse else { preconditionFailure("PreparedImage: the 1 mm grid is singular") }
        worldToVoxel = inverse
    }

    /// Finds lungs and map first.
    /// - Parameter given: a mask of the user's on the CT's grid, of any labels; nil segments the lungs.
    /// - Returns: the image, and how well it went; its verdict is `ok` or `warning`.
    /// - Throws: `Failure` where the lungs are refused, or they and the atlas cannot be brought together.
    package static func prepare(
        ct: Volume<Int16>, lungs given: Volume<Int16>? = nil, atlas: Atlas, settings: PreparationSettings = .init(), parallel: Parallel
    ) throws -> (image: PreparedImage, quality: SubjectQuality) {
        let lungs = try findLungs(in: ct, given: given, parallel: parallel)
        guard lungs.quality.verdict != .refused else { throw Failure(LungMaskQuality.summary(of: lungs.quality.reasons)) }
        return try prepare(ct: ct, lungs: lungs, atlas: atlas, settings: settings, parallel: parallel)
    }

    /// The subject's lungs, found or given, and judged.
    static func findLungs(in ct: Volume<Int16>, given: Volume<Int16>?, parallel: Parallel) throws -> SegmentedLungs {
        guard let given else { return try LungSegmentation.segment(ct, parallel: parallel) }
        return judged(try LungMask.normalise(labels: given, matching: ct, parallel: parallel), ct)
    }

    /// A mask that was not found here, judged as those are that were.
    static func judged(_ mask: Volume<UInt8>, _ ct: Volume<Int16>) -> SegmentedLungs {
        SegmentedLungs(mask: mask, quality: .judge(mask.withoutDoubtful, ct: ct))
    }

    /// Registers lungs that are not refused, and resamples.
    /// - Parameters:
    ///   - acceptsRefused: the reader takes the scan although its lungs, or their overlap with the atlas's, are refused.
    ///   - clock: is told when registration and resampling are done.
    static func prepare(
        ct: Volume<Int16>, lungs: SegmentedLungs, atlas: Atlas, settings: PreparationSettings, acceptsRefused: Bool = false,
        clock: StageClock? = nil, parallel: Parallel
    ) throws -> (image: PreparedImage, quality: SubjectQuality) {
        let mask = lungs.mask.withoutDoubtful
        let registration = try register(mask, atlas: atlas, settings: settings, acceptsRefused: acceptsRefused, parallel: parallel)
        let leastDice = AffineRegistration.Options().leastDice
        clock?.end(\.registration)
        let image = PreparedImage(
            ct: ct, lungs: mask, atlasToSubject: registration.fixedToMoving, atlas: atlas, parallel: parallel)
        clock?.end(\.resampling)

        var quality = SubjectQuality(
            verdict: lungs.quality.verdict, reasons: lungs.quality.reasons, rightMillilitres: lungs.quality.rightMillilitres,
            leftMillilitres: lungs.quality.leftMillilitres, diceBefore: registration.diceCentred, diceAfter: registration.diceAfter,
            determinant: registration.fixedToMoving.determinant)
        if registration.diceAfter < leastDice {
            quality.reasons.append(
                String(format: "Dice after registration is %.3f, at least %.2f is expected", registration.diceAfter, leastDice))
        }
        if lungs.quality.verdict == .refused || registration.diceAfter < leastDice {
            (quality.verdict, quality.isAccepted) = (.warning, true)
            quality.reasons = ["accepted by the reader although refused"] + quality.reasons
        }
        quality.patchesBeyond = image.corners(atlas).count { !PatchCutter.reaches(image.image.extent, corner: $0) }
        if quality.patchesBeyond > 0 {
            quality.verdict = .warning
            quality.reasons.append(
                "\(quality.patchesBeyond) of \(atlas.landmarks.count) patches lie beyond the image and are filled with -1024 HU")
        }
        return (image, quality)
    }

    /// Brings lungs and atlas together. The reader who accepts a refused scan has seen that something is missing: the overlap may then be any. What
    /// no two patients' lungs differ by is refused all the same, since patches would come from elsewhere than their landmarks say.
    static func register(
        _ mask: Volume<UInt8>, atlas: Atlas, settings: PreparationSettings, acceptsRefused: Bool, parallel: Parallel
    ) throws -> RegistrationResult {
        var options = AffineRegistration.Options()
        options.finestMillimetres = settings.registrationMillimetres
        if acceptsRefused { options.leastDice = 0 }
        return try AffineRegistration.register(fixed: atlas.lungs, moving: mask, options: options, parallel: parallel)
    }

    /// The lower corner of each landmark's patch, voxels of `image`.
    package func corners(_ atlas: Atlas) -> [VoxelIndex] {
        atlas.landmarks.map { PatchCutter.corner(of: $0, atlas: atlas, atlasToSubject: atlasToSubject, worldToVoxel: worldToVoxel) }
    }
}
