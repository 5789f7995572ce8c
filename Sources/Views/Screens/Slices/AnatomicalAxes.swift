import Foundations

/// The anatomical directions, in the order of RAS+ coordinates.
package enum AnatomicalAxis: Int, CaseIterable, Sendable {
    /// Grows to the patient's Right (x), Anterior (y), Superior (z).
    case right = 0
    case anterior = 1
    case superior = 2
}

/// How the axes of a volume's grid lie in the patient: for each anatomical axis the grid axis nearest to it and the sense in which it
/// runs. Pictures are made by permuting and flipping the grid only, never by rotating it; positions in millimetres always come from the
/// full affine, so they are exact for oblique volumes too.
package struct AnatomicalAxes: Equatable, Sendable {
    /// The volume's size in voxels along its own axes.
    package let extent: Extent3
    /// Grid axis (0, 1, 2) for right, anterior, superior.
    package let gridAxis: [Int]
    /// True where the grid index falls as the anatomical coordinate grows.
    package let isFlipped: [Bool]
    /// Distance of neighbouring voxels along right, anterior, superior, mm.
    package let spacing: [Double]

    /// Of the six assignments of grid axes to anatomical axes the one with the largest sum of |cosines|.
    package init(extent: Extent3, voxelToWorld: Affine3) {
        self.extent = extent
        let columns = (0..<3).map { voxelToWorld[column: $0] }
        func cosine(_ grid: Int, _ anatomical: Int) -> Double {
            let size = length(columns[grid])
            return size > 0 ? columns[grid][anatomical] / size : 0
        }
        let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let scores = permutations.map { order in (0..<3).reduce(0.0) { $0 + abs(cosine(order[$1], $1)) } }
        let best = permutations[scores.indices.max { scores[$0] < scores[$1] }!]
        gridAxis = best
        isFlipped = (0..<3).map { cosine(best[$0], $0) < 0 }
        spacing = (0..<3).map { length(columns[best[$0]]) }
    }

    /// Number of slices along an anatomical axis.
    package func count(_ axis: AnatomicalAxis) -> Int { extent[gridAxis[axis.rawValue]] }

    /// The slice number, rising to the right, anterior or superior, in which a voxel lies.
    package func position(_ voxel: VoxelIndex, _ axis: AnatomicalAxis) -> Int {
        let index = voxel[gridAxis[axis.rawValue]]
        return isFlipped[axis.rawValue] ? count(axis) - 1 - index : index
    }

    /// The same voxel moved to another slice number, kept inside the volume.
    package func moving(_ voxel: VoxelIndex, _ axis: AnatomicalAxis, to position: Int) -> VoxelIndex {
        let clamped = max(0, min(count(axis) - 1, position))
        var moved = voxel
        moved[gridAxis[axis.rawValue]] = isFlipped[axis.rawValue] ? count(axis) - 1 - clamped : clamped
        return moved
    }

    /// The offset in storage from one slice to the next along an anatomical axis (negative where flipped).
    func stride(_ axis: AnatomicalAxis) -> Int {
        let grid = gridAxis[axis.rawValue]
        let step = grid == 0 ? 1 : grid == 1 ? extent.x : extent.x * extent.y
        return isFlipped[axis.rawValue] ? -step : step
    }

    /// The voxel in the middle.
    package var centre: VoxelIndex { VoxelIndex(x: extent.x / 2, y: extent.y / 2, z: extent.z / 2) }
}

/// The three planes in which slices are shown.
package enum SlicePlane: String, CaseIterable, Codable, Sendable {
    case axial, coronal, sagittal

    /// The axis across the slices.
    package var normal: AnatomicalAxis {
        switch self {
        case .axial: .superior
        case .coronal: .anterior
        case .sagittal: .right
        }
    }

    /// The axis along the screen's width, and the one along its height (which grows upwards).
    package var horizontal: AnatomicalAxis { self == .sagittal ? .anterior : .right }
    package var vertical: AnatomicalAxis { self == .axial ? .anterior : .superior }

    package var next: SlicePlane {
        switch self {
        case .axial: .coronal
        case .coronal: .sagittal
        case .sagittal: .axial
        }
    }
}
