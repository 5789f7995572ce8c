import Foundations

/// The search for the affine map with the largest mutual information: starts from moments, then coarse to fine.
struct AffineSearch {
    let fixed: Volume<UInt8>
    let moving: Volume<UInt8>
    let fixedMoments: LungMoments
    let movingMoments: LungMoments
    let finestMillimetres: Double
    let parallel: Parallel

    /// Sample distances of the coarser levels, mm; the last level is `finestMillimetres`.
    private static let coarseMillimetres = [8.0, 4.0, 2.0]

    /// - Returns: fixed → moving, RAS+ mm.
    func run() -> Affine3 {
        func steps(_ level: Double) -> [[Int]] { [fixed.thinningSteps(to: level), moving.thinningSteps(to: level)] }
        // Masks that are coarse themselves have fewer levels.
        let coarse = Self.coarseMillimetres.filter { $0 > finestMillimetres && steps($0) != steps(finestMillimetres) }
        var states = startingMaps().map { QuasiNewton.State(point: variables(of: $0)) }
        for level in coarse + [finestMillimetres] {
            let information = SymmetricInformation(
                fixed: fixed.thinned(to: level), moving: moving.thinned(to: level), parallel: parallel)
            let refined = states.map { refine($0, information, millimetres: level) }
            states = [refined.dropFirst().reduce(refined[0]) { $1.value < $0.value ? $1 : $0 }]
        }
        return map(of: states[0].point)
    }

    /// Centroids onto each other, and sizes along (1) the patient's axes, (2) the lungs' own axes, which follow rotations.
    private func startingMaps() -> [Affine3] {
        let ratio = movingMoments.spread / fixedMoments.spread
        let straight = around(Affine3(scale: ratio))
        var turned = Affine3(columnX: .zero, columnY: .zero, columnZ: .zero, translation: .zero)
        let ownRatio = movingMoments.frameSpread / fixedMoments.frameSpread
        for column in 0..<3 {
            // Σ_k m_k · ratio_k · (f_k)ᵀ
            turned[column: column] = (0..<3).map {
                movingMoments.frame[$0] * (ownRatio[$0] * fixedMoments.frame[$0][column])
            }.reduce(.zero, +)
        }
        return [straight, around(turned)]
    }

    /// The linear map about the centroids.
    private func around(_ linear: Affine3) -> Affine3 {
        var map = linear
        map.translation = movingMoments.centroid - linear.direction(fixedMoments.centroid)
        return map
    }

    /// Twelve variables of like effect, all in mm: where points one standard deviation from the fixed centroid go, and where it goes itself.
    private func variables(of map: Affine3) -> [Double] {
        let spread = fixedMoments.spread
        let columns = [map.columnX * spread.x, map.columnY * spread.y, map.columnZ * spread.z, map(fixedMoments.centroid)]
        return columns.flatMap { [$0.x, $0.y, $0.z] }
    }

    private func map(of variables: [Double]) -> Affine3 {
        func column(_ index: Int) -> Point3 { Point3(variables[index * 3], variables[index * 3 + 1], variables[index * 3 + 2]) }
        let spread = fixedMoments.spread
        var map = Affine3(columnX: column(0) / spread.x, columnY: column(1) / spread.y, columnZ: column(2) / spread.z, translation: .zero)
        map.translation = column(3) - map.direction(fixedMoments.centroid)
        return map
    }

    private func refine(_ start: QuasiNewton.State, _ information: SymmetricInformation, millimetres: Double) -> QuasiNewton.State {
        let centre = fixedMoments.centroid
        let spread = fixedMoments.spread
        let search = QuasiNewton(
            firstStep: millimetres / 2, longestStep: 4 * millimetres, tolerance: millimetres / 50, mostIterations: 60)
        return search.minimise(from: start) { variables in
            let value = information(map(of: variables))
            var gradient = [Double](repeating: 0, count: 12)
            for row in 0..<3 {
                let translation = value.gradient[row * 4 + 3]
                gradient[9 + row] = -translation
                for column in 0..<3 {
                    gradient[column * 3 + row] = -(value.gradient[row * 4 + column] - centre[column] * translation) / spread[column]
                }
            }
            return (-value.information, gradient)
        }
    }
}
