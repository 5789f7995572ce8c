import COpenBLAS

/// Solves A X = B for a symmetric positive definite A by Cholesky decomposition (LAPACK `dposv`).
enum SymmetricSolver {
    /// - Parameter upper: A, row-major; the upper triangle is read.
    /// - Throws: `Failure` where A is not positive definite.
    static func solve(_ upper: [Double], _ right: [Double]) throws -> [Double] {
        try solve(upper, size: right.count, columns: right)
    }

    /// A⁻¹, all of it.
    static func inverse(_ upper: [Double], size: Int) throws -> [Double] {
        try solve(upper, size: size, columns: (0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 })
    }

    /// - Parameter columns: the columns of B one after another, `size` values each.
    private static func solve(_ upper: [Double], size: Int, columns: [Double]) throws -> [Double] {
        _ = DenseAlgebra.singleThreaded
        var matrix = upper
        var solution = columns
        var n = Int32(size)
        var sides = Int32(columns.count / max(1, size))
        var status: Int32 = 0
        // LAPACK reads columns first: our upper triangle is its lower one.
        var triangle = CChar(UInt8(ascii: "L"))
        dposv_(&triangle, &n, &sides, &matrix, &n, &solution, &n, &status)
        guard status == 0 else {
            throw Failure(
                "the equations of a regression have no unique solution (row \(status)); expected features that are not all the same, or a stronger penalty"
            )
        }
        return solution
    }
}
