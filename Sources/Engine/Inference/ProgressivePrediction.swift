import Cohorts
import Foundations
import Masks
import Network

/// Predicts a subject part by part: the wanted slice first, then outwards. What comes out at the end is what `EmphysemaMask.segment` makes,
/// byte for byte.
package struct ProgressivePrediction {
    private let image: PreparedImage
    private let classifiers: [Classifier]
    /// Classifiers of one encoder each, by number.
    private let groups: [(dense: DenseClassifier, densities: DenseClassifier.Densities?, members: [Int])]
    private let lattice: DenseLattice
    private let needed: [Int]
    private let parallel: Parallel

    package init(_ image: PreparedImage, atlas: Atlas, classifiers: [Classifier], stride: Int, parallel: Parallel) throws {
        self.image = image
        self.classifiers = classifiers
        self.parallel = parallel
        let lungs = try image.millimetreLungs(parallel: parallel)
        lattice = DenseLattice(size: image.image.extent, stride: stride)
        let needed = lattice.needed(by: lungs)
        self.needed = needed
        groups = EmphysemaMask.byEncoder(classifiers).map { members in
            let dense = DenseClassifier(
                image: image, atlas: atlas, classifiers: members.map { classifiers[$0] }, stride: stride, parallel: parallel)
            return (dense, dense.densities(lungs: lungs, points: needed), members)
        }
    }

    /// Nothing known yet.
    package func beginning(subject: String) -> PartialPrediction {
        PartialPrediction(
            subject: subject, subtypes: classifiers.map(\.subtype), model: classifiers[0].encoder.name, lattice: lattice, needed: needed,
            toMillimetres: image.worldToVoxel * image.lungs.voxelToWorld)
    }

    /// A slice of the CT's own grid on the 1 mm grid.
    package func slice(_ wanted: MaskSlice) -> PredictionOrder.Slice {
        let map = image.worldToVoxel * image.lungs.voxelToWorld
        let axis = PartialPrediction.largest(map[column: wanted.axis])
        return PredictionOrder.Slice(
            axis: axis, position: map.translation[axis] + map[column: wanted.axis][axis] * Double(wanted.index))
    }

    /// Classifies all points.
    /// - Parameters:
    ///   - wanted: the slice to look at first; asked again before each round of tiles.
    ///   - isCancelled: asked as often.
    ///   - isClassified: called once all points are done.
    ///   - report: receives what each round has found.
    /// - Returns: masks in the order of the classifiers; nil where cancelled.
    package func run(
        wanted: () -> MaskSlice, isCancelled: () -> Bool, isClassified: () -> Void = {}, report: (PartialPrediction.Part) -> Void
    ) throws -> [EmphysemaMask]? {
        var order = PredictionOrder(lattice: lattice, needed: needed)
        var lattices = classifiers.map { _ in DenseClassifier.Lattice(lattice) }
        let spaces = groups.map { group in Pool { DenseClassifier.Workspace(group.dense) } }
        while !isCancelled() {
            order.look(at: slice(wanted()))
            // Two tiles a thread: short enough to be asked again soon, long enough that threads seldom wait for each other.
            let tiles = order.next(2 * parallel.threads)
            if tiles.isEmpty {
                isClassified()
                return try masks(lattices, isCancelled: isCancelled)
            }
            let values = classify(tiles, spaces)
            let points = tiles.flatMap { $0 }
            for classifier in classifiers.indices {
                for (point, value) in zip(points, values[classifier]) { lattices[classifier].values[point] = value }
            }
            report(PartialPrediction.Part(points: points, values: values))
        }
        return nil
    }

    /// `[classifier][point]` of all tiles, one after the other.
    private func classify(_ tiles: [[Int]], _ spaces: [Pool<DenseClassifier.Workspace>]) -> [[Float]] {
        let starts = tiles.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        let count = starts[tiles.count]
        var values = classifiers.map { _ in [Float]() }
        for (group, spaces) in zip(groups, spaces) {
            let width = group.members.count
            let results = AlignedFloats(count: count * width)
            parallel.forEach(tiles.count) { tile in
                spaces.with { group.dense.classify(tiles[tile], group.densities, $0, into: results.pointer + starts[tile] * width) }
            }
            let found = results.array
            for (position, member) in group.members.enumerated() {
                values[member] = (0..<count).map { found[$0 * width + position] }
            }
        }
        return values
    }

    private func masks(_ lattices: [DenseClassifier.Lattice], isCancelled: () -> Bool) throws -> [EmphysemaMask]? {
        var masks: [EmphysemaMask] = []
        for (lattice, classifier) in zip(lattices, classifiers) {
            guard !isCancelled() else { return nil }
            masks.append(try EmphysemaMask(lattice: lattice, subtype: classifier.subtype, image: image, parallel: parallel))
        }
        return masks
    }
}
