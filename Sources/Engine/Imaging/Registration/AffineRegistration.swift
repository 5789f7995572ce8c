import Foundations

/// An affine map between two subjects' lungs, and how well it brings them together.
package struct RegistrationResult: Sendable {
    /// Points of the fixed space → points of the moving space, RAS+ mm.
    package let fixedToMoving: Affine3
    /// Dice of both lungs together on the fixed grid, by positions alone and under the map.
    package let diceBefore, diceAfter: Double
    /// Likewise with nothing but the lungs' centres brought together.
    package let diceCentred: Double
    /// Wall time, reading of files excluded.
    package let seconds: Double
}

/// Affine registration of lung masks: 12 degrees of freedom, mutual information of the labels, coarse to fine.
///
/// The release registers with ANTs, masks given as intensities 0, 50, 100. The result is the same for any number of threads.
package struct AffineRegistration: Sendable {
    package struct Options: Sendable {
        /// Masks finer than this are thinned to about it, mm.
        package var finestMillimetres = 1.0
        /// A result below this Dice is refused: the shapes do not fit, or the search was lost.
        package var leastDice = 0.80
        /// Lengths may change by factors within this range, and by its width between directions.
        package var scales = 0.4...2.5

        package init() {}
    }

    /// Brings the moving mask onto the fixed one.
    /// - Parameters: masks with 0 outside, 1 right lung, 2 left (or 0, 50, 100), any grids.
    /// - Throws: if a mask is empty or holds other labels, and if the result is implausible.
    package static func register(
        fixed: Volume<UInt8>, moving: Volume<UInt8>, options: Options = .init(), parallel: Parallel
    ) throws -> RegistrationResult {
        let clock = ContinuousClock()
        let begin = clock.now
        let fixed = try lungLabels(fixed, "fixed")
        let moving = try lungLabels(moving, "moving")
        guard let fixedMoments = LungMoments(fixed.thinned(to: 4)), let movingMoments = LungMoments(moving.thinned(to: 4)) else {
            throw Failure("a mask to be registered holds no lung of more than 4 mm")
        }
        let search = AffineSearch(
            fixed: fixed, moving: moving, fixedMoments: fixedMoments, movingMoments: movingMoments,
            finestMillimetres: options.finestMillimetres, parallel: parallel)
        let map = search.run()
        let before = LabelOverlap.dice(fixed: fixed, moving: moving, .identity, parallel: parallel)
        var centred = Affine3.identity
        centred.translation = movingMoments.centroid - fixedMoments.centroid
        let overlap = LabelOverlap.dice(fixed: fixed, moving: moving, centred, parallel: parallel)
        let after = LabelOverlap.dice(fixed: fixed, moving: moving, map, parallel: parallel)
        try requirePlausible(map, diceAfter: after, options)
        return RegistrationResult(
            fixedToMoving: map, diceBefore: before, diceAfter: after, diceCentred: overlap, seconds: (clock.now - begin) / .seconds(1))
    }

    /// 0, 50, 100 become 0, 1, 2.
    private static func lungLabels(_ mask: Volume<UInt8>, _ name: String) throws -> Volume<UInt8> {
        var isPresent = [Bool](repeating: false, count: 256)
        for label in mask.voxels { isPresent[Int(label)] = true }
        let labels = (1..<256).filter { isPresent[$0] }
        guard !labels.isEmpty else { throw Failure("the \(name) mask is empty") }
        if labels.allSatisfy({ $0 <= 2 }) { return mask }
        guard labels.allSatisfy({ $0 == 50 || $0 == 100 }) else {
            throw Failure("the \(name) mask holds the labels \(labels), expected 1 and 2 (or 50 and 100) for right and left")
        }
        return mask.mapVoxels { $0 / 50 }
    }

    /// Refuses what no two patients' lungs differ by.
    package static func requirePlausible(_ map: Affine3, diceAfter: Double, _ options: Options) throws {
        func refuse(_ reason: String) -> Failure {
            Failure(
                "the registration is refused: \(reason); look whether both masks hold whole lungs and their headers' voxel sizes and axes are right"
            )
        }
        guard map.rowMajor.allSatisfy(\.isFinite) else { throw refuse("its search did not end at a map") }
        guard map.determinant > 0 else { throw refuse("it mirrors the patient (determinant \(decimals(map.determinant)))") }
        let columns = [map.columnX, map.columnY, map.columnZ]
        let gram = columns.map { a in Point3(dot(a, columns[0]), dot(a, columns[1]), dot(a, columns[2])) }
        let stretches = SymmetricEigen3(gram).values.squareRoot()
        guard options.scales.contains(stretches[0]), options.scales.contains(stretches[2]) else {
            throw refuse(
                "it stretches lengths by \(decimals(stretches[2])) to \(decimals(stretches[0])), expected "
                    + "\(decimals(options.scales.lowerBound)) to \(decimals(options.scales.upperBound))")
        }
        guard stretches[0] / stretches[2] <= options.scales.upperBound else {
            throw refuse("it shears: one direction is stretched \(decimals(stretches[0] / stretches[2])) times as much as another")
        }
        guard diceAfter >= options.leastDice else {
            throw refuse(
                "Dice after it is \(decimals(diceAfter)), at least \(decimals(options.leastDice)) is expected")
        }
    }

    private static func decimals(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
}
