import Foundation
import Foundations

/// Mutual information of two lung masks' labels as a function of the affine map from one to the other.
///
/// With three labels a mask the joint histogram is 3×3; which intensities stand for the labels (0, 50, 100 in the release) does not matter to
/// mutual information.
package struct MutualInformation {
    let fixed: LabelRows
    let moving: LabelCells
    let parallel: Parallel

    package struct Value {
        /// Nats.
        package let information: Double
        /// Derivative by the 3×4 matrix of the map, row-major; points of the fixed space in mm → points of the moving space in mm.
        package let gradient: [Double]
    }

    /// I = Σ p(a,b) ln( p(a,b) / (p(a) p(b)) ); with every fixed voxel counted p(a) is constant, hence
    /// ∂I = Σ ∂p(a,b) ln( p(a,b) / p(b) ).
    /// - Parameter fixedToMoving: RAS+ mm → RAS+ mm.
    func callAsFunction(_ fixedToMoving: Affine3) -> Value {
        let histogram = JointHistogram(
            fixed: fixed, moving: moving, map: moving.worldToCell * fixedToMoving * fixed.mask.voxelToWorld, parallel: parallel)
        let total = Double(fixed.mask.extent.count)
        // A pair of labels that never meets must not make the logarithm infinite.
        let p = histogram.counts.map { max($0, 0) / total + 1e-12 }
        var fixedSums = [0.0, 0.0, 0.0]
        var movingSums = [0.0, 0.0, 0.0]
        for a in 0..<3 {
            for b in 0..<3 {
                fixedSums[a] += p[a * 3 + b]
                movingSums[b] += p[a * 3 + b]
            }
        }
        var information = 0.0
        var byCell = [Double](repeating: 0, count: 12)
        for a in 0..<3 {
            let background = log(p[a * 3] / movingSums[0])
            for b in 0..<3 {
                let ratio = log(p[a * 3 + b] / movingSums[b])
                information += p[a * 3 + b] * (ratio - log(fixedSums[a]))
                guard b > 0 else { continue }
                // What a label gains the background loses.
                for entry in 0..<12 { byCell[entry] += histogram.gradients[a * 2 + b - 1][entry] * (ratio - background) / total }
            }
        }
        return Value(information: information, gradient: byMillimetres(byCell))
    }

    /// From the matrix of voxels → cells to that of mm → mm: ∂A = Wᵀ ∂B Vᵀ, with B = W A V.
    private func byMillimetres(_ byCell: [Double]) -> [Double] {
        let cells = moving.worldToCell
        let voxels = fixed.mask.voxelToWorld
        var result = [Double](repeating: 0, count: 12)
        // Row r of Wᵀ ∂B, then its product with each row of V; the last row of V is (0, 0, 0, 1).
        for row in 0..<3 {
            let weights = cells[column: row]
            let combined = (0..<4).map { dot(weights, Point3(byCell[$0], byCell[4 + $0], byCell[8 + $0])) }
            for column in 0..<3 {
                let directions = Point3(voxels.columnX[column], voxels.columnY[column], voxels.columnZ[column])
                let moved = dot(directions, Point3(combined[0], combined[1], combined[2]))
                result[row * 4 + column] = moved + voxels.translation[column] * combined[3]
            }
            result[row * 4 + 3] = combined[3]
        }
        return result
    }
}
