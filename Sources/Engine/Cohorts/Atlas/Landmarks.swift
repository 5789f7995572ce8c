import Foundation
import Foundations
import Imaging

/// Where patches are cut: the sweep of a box over the atlas lungs, and the order of each landmark's neighbours.
package enum Landmarks {
    /// Distance between swept boxes, voxels.
    package static let step = 26
    /// The sweep's coverage threshold rises while this many boxes are kept.
    package static let limit = 1000

    /// Slides a 32³ box over the mask with step 26 (the loop stops before size - 32) and keeps it where more than 10 % of it is lung; while
    /// 1,000 or more are kept, the threshold rises by another 10 %.
    ///
    /// - Parameter lungs: voxels other than 0 are lung.
    /// - Returns: the boxes' lower corners, x outermost, z innermost, as the release's landmark list.
    /// - Throws: `Failure` where no box is kept.
    package static func sweep(_ lungs: Volume<UInt8>) throws -> [VoxelIndex] {
        let boxes = coverage(lungs)
        let boxVoxels = Atlas.patchSide * Atlas.patchSide * Atlas.patchSide
        for tenths in 1..<10 {
            let kept = boxes.filter { $0.voxels * 10 > boxVoxels * tenths }.map(\.corner)
            if kept.count >= limit { continue }
            guard kept.isEmpty else { return kept }
            break
        }
        throw Failure(
            "the atlas mask of \(lungs.extent) voxels gives no landmark: no box of 32 mm holds enough lung; expected the mask of whole lungs at 1 mm"
        )
    }

    /// Landmarks from a NumPy file: n×3 whole numbers, x, y, z of each lower corner, as the release keeps its list.
    package static func read(_ file: URL) throws -> [VoxelIndex] {
        let array = try NumpyArray(contentsOf: file)
        guard array.shape.count == 2, array.shape[1] == 3 else {
            throw Failure("\(file.path) holds an array of shape \(array.shape), expected [n, 3]: x, y, z of each landmark's lower corner")
        }
        return stride(from: 0, to: array.values.count, by: 3).map {
            VoxelIndex(x: array.values[$0], y: array.values[$0 + 1], z: array.values[$0 + 2])
        }
    }

    /// For each landmark the indices of all others by rising Euclidean distance; ties go to the lower index (the release leaves them open).
    package static func neighbours(of landmarks: [VoxelIndex]) -> [[Int]] {
        landmarks.indices.map { centre in
            let distances = landmarks.map { squaredDistance($0, landmarks[centre]) }
            return landmarks.indices.filter { $0 != centre }.sorted { (distances[$0], $0) < (distances[$1], $1) }
        }
    }

    /// Refuses an empty list, a box that leaves the atlas's grid, and a landmark that is given twice.
    static func check(_ landmarks: [VoxelIndex], in extent: Extent3) throws {
        guard !landmarks.isEmpty else { throw Failure("the list of landmarks is empty; expected at least one patch corner") }
        var lineOf: [VoxelIndex: Int] = [:]
        for (index, landmark) in landmarks.enumerated() {
            let fits = (0..<3).allSatisfy { landmark[$0] >= 0 && landmark[$0] <= extent[$0] - Atlas.patchSide }
            guard fits else {
                throw Failure(
                    "landmark \(index) at \(landmark) does not fit: its 32-voxel box leaves the atlas of \(extent) voxels; is it a list of another atlas?"
                )
            }
            if let first = lineOf.updateValue(index, forKey: landmark) {
                throw Failure("landmarks \(first) and \(index) are both at \(landmark); each place may be listed once")
            }
        }
    }

    private struct Box {
        let corner: VoxelIndex
        let voxels: Int
    }

    /// Every swept box with its number of lung voxels.
    private static func coverage(_ lungs: Volume<UInt8>) -> [Box] {
        let extent = lungs.extent
        let side = Atlas.patchSide
        func corners(_ axis: Int) -> StrideTo<Int> { stride(from: 0, to: extent[axis] - side, by: step) }
        return lungs.voxels.withUnsafeBufferPointer { voxels in
            var boxes: [Box] = []
            for x in corners(0) {
                for y in corners(1) {
                    for z in corners(2) {
                        var count = 0
                        for row in 0..<side * side {
                            let start = ((z + row / side) * extent.y + y + row % side) * extent.x + x
                            for voxel in voxels[start..<start + side] where voxel != 0 { count += 1 }
                        }
                        boxes.append(Box(corner: VoxelIndex(x: x, y: y, z: z), voxels: count))
                    }
                }
            }
            return boxes
        }
    }

    private static func squaredDistance(_ a: VoxelIndex, _ b: VoxelIndex) -> Int {
        let x = a.x - b.x
        let y = a.y - b.y
        let z = a.z - b.z
        return x * x + y * y + z * z
    }
}
