import Foundations

/// Eigenvalues and eigenvectors of a symmetric 3×3 matrix by Jacobi rotations.
struct SymmetricEigen3 {
    /// By falling value.
    let values: Point3
    /// Unit vectors, in the order of `values`; right-handed or not.
    let vectors: [Point3]

    /// - Parameter rows: the matrix; only its symmetric part counts.
    init(_ rows: [Point3]) {
        precondition(rows.count == 3, "SymmetricEigen3: \(rows.count) rows, expected 3")
        var a = (0..<3).map { i in (0..<3).map { j in (rows[i][j] + rows[j][i]) / 2 } }
        var v: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        let scale = max(abs(a[0][0]) + abs(a[1][1]) + abs(a[2][2]), .leastNormalMagnitude)
        for _ in 0..<50 where abs(a[0][1]) + abs(a[0][2]) + abs(a[1][2]) > 1e-15 * scale {
            for (p, q) in [(0, 1), (0, 2), (1, 2)] where a[p][q] != 0 {
                let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                for k in 0..<3 { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                for k in 0..<3 { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                for k in 0..<3 { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
            }
        }
        let order = [0, 1, 2].sorted { (a[$0][$0], $1) > (a[$1][$1], $0) }
        values = Point3(a[order[0]][order[0]], a[order[1]][order[1]], a[order[2]][order[2]])
        vectors = order.map { Point3(v[0][$0], v[1][$0], v[2][$0]) }
    }
}
