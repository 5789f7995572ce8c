import COpenBLAS
import Foundations

/// Solves A X = B for a symmetric positive definite A by Cholesky decomposition (LAPACK `dposv`).
///
/// Nothing of size 0 reaches LAPACK: it would complain on standard output, which belongs to results.
enum SymmetricSolver {
    /// A is not positive definite: this row depends on those before it.
    struct Singular: Error, Equatable {
        let row: Int
    }

    /// - Parameter upper: A, row-major; the upper triangle is read.
    /// - Throws: `Failure` where A is not positive definite.
    static func solve(_ upper: [Double], _ right: [Double]) throws -> [Double] {
        do { return try solution(upper, right) } catch let fault as Singular {
            throw Failure(
                "the equations of a regression have no unique solution (row \(fault.row + 1)); expected features that are not all the same, or a stronger penalty"
            )
        }
    }

    /// The same for callers that know what the rows are.
    /// - Throws: `Singular`.
    static func solution(_ upper: [Double], _ right: [Double]) throws -> [Double] {
        try solve(upper, size: right.count, columns: right)
    }

    /// A⁻¹, all of it.
    /// - Throws: `Singular`.
    static func inverse(_ upper: [Double], size: Int) throws -> [Double] {
        try solve(upper, size: size, columns: (0..<size * size).map { $0 % (size + 1) == 0 ? 1 : 0 })
    }

    /// - Parameter columns: the columns of B one after another, `size` values each.
    private static func solve(_ upper: [Double], size: Int, columns: [Double]) throws -> [Double] {
        precondition(upper.count == size * size, "SymmetricSolver: \(upper.count) values, expected \(size) × \(size)")
        guard size > 0, !columns.isEmpty else { return [] }
        _ = DenseAlgebra.singleThreaded
        var matrix = upper
        var solution = columns
        var n = Int32(size)
        var sides = Int32(columns.count / size)
        var status: Int32 = 0
        // LAPACK reads columns first: our upper triangle is its lower one.
        var triangle = CChar(UInt8(ascii: "L"))
        dposv_(&triangle, &n, &sides, &matrix, &n, &solution, &n, &status)
        guard status == 0 else { throw Singular(row: max(0, Int(status) - 1)) }
        return solution
    }
}
