import Cohorts
import Foundations
import Masks

/// A slice of a prediction that goes on: what is known at each voxel of the lungs.
struct PartialSlice {
    private let partial: PartialPrediction
    private let lungs: [UInt8]?
    private let normal: PartialPrediction.Place
    /// By slice position.
    private let horizontal, vertical: [PartialPrediction.Place]
    private let numbers: [EmphysemaSubtype: Int]

    init(_ partial: PartialPrediction, _ subject: LoadedSubject, _ plane: SlicePlane, at cursor: VoxelIndex) {
        self.partial = partial
        lungs = subject.volumes.lungs?.voxels
        numbers = Dictionary(uniqueKeysWithValues: partial.subtypes.enumerated().map { ($1, $0) })
        let axes = subject.axes
        func place(_ axis: AnatomicalAxis, _ position: Int) -> PartialPrediction.Place {
            let grid = axes.gridAxis[axis.rawValue]
            return partial.place(axis: grid, index: axes.moving(cursor, axis, to: position)[grid])
        }
        normal = place(plane.normal, axes.position(cursor, plane.normal))
        horizontal = (0..<axes.count(plane.horizontal)).map { place(plane.horizontal, $0) }
        vertical = (0..<axes.count(plane.vertical)).map { place(plane.vertical, $0) }
    }

    /// A voxel's probabilities.
    enum Known {
        case outside
        case notYet
        case probabilities(SIMD2<Float>)
    }

    /// - Parameters:
    ///   - h, v: slice positions.
    ///   - offset: the voxel's place in storage.
    func known(_ h: Int, _ v: Int, offset: Int) -> Known {
        if let lungs, lungs[offset] == 0 { return .outside }
        return partial.probabilities(horizontal[h], vertical[v], normal).map(Known.probabilities) ?? .notYet
    }

    /// A subtype's place in the probabilities; nil where it is not being predicted.
    func number(_ subtype: EmphysemaSubtype) -> Int? { numbers[subtype] }
}
