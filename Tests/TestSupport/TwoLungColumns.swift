import Foundation
import Foundations
import Imaging

/// Two columns of six voxels of 2 × 3 × 2 mm, the first in the right lung, the second in the left; a third column is outside. The scan is stored head
/// first and tilted by 20° in the coronal plane.
package enum TwoLungColumns {
    private static let geometry = Affine3(
        columnX: [2 * cos(0.35), 0, 2 * sin(0.35)], columnY: [0, 3, 0], columnZ: [2 * sin(0.35), 0, -2 * cos(0.35)],
        translation: [10, -20, 300])

    /// - Parameter columns: three of six voxels each, from the head down.
    package static func volume(_ columns: [[UInt8]]) -> Volume<UInt8> {
        Volume(extent: Extent3(x: 3, y: 1, z: 6), voxelToWorld: geometry, voxels: (0..<6).flatMap { z in columns.map { $0[z] } })
    }
}
