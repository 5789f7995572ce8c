import COpenBLAS

/// Solves A x = b for a symmetric positive definite A by Cholesky decomposition (LAPACK `dposv`).
enum SymmetricSolver {
    /// - Parameter upper: A, row-major; the upper triangle is read.
    /// - Throws: `Failure` where A is not positive definite.
    static func solve(_ upper: [Double], _ right: [Double]) throws -> [Double] {
        _ = DenseAlgebra.singleThreaded
        var matrix = upper
        var solution = right
        var n = Int32(right.count)
        var one: Int32 = 1
        var status: Int32 = 0
        // LAPACK reads columns first: our upper triangle is its lower one.
        var triangle = CChar(UInt8(ascii: "L"))
        dposv_(&triangle, &n, &one, &matrix, &n, &solution, &n, &status)
        guard status == 0 else {
            throw Failure(
                "the equations of a regression have no unique solution (row \(status)); expected features that are not all the same, or a stronger penalty"
            )
        }
        return solution
    }
}
