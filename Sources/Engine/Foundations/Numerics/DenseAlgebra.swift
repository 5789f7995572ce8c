import COpenBLAS

/// OpenBLAS as the engine uses it.
package enum DenseAlgebra {
    /// Keeps OpenBLAS on the calling thread: the engine makes its own parallel regions, and one thread gives the same bytes everywhere.
    /// Called once, before the first product.
    package static let singleThreaded: Void = openblas_set_num_threads(1)

    /// What the library says of itself: version, processor kernel.
    package static var description: String { String(cString: openblas_get_config()) }

    /// The processor that OpenBLAS chose its kernels for, for example `Zen`.
    package static var coreName: String { String(cString: openblas_get_corename()) }

    /// C = A · B for square single-precision matrices, the yardstick of `workbench bench gemm`; uses `threads` threads.
    package static func squareProduct(_ a: [Float], _ b: [Float], into c: inout [Float], size: Int, threads: Int) {
        openblas_set_num_threads(Int32(threads))
        defer { openblas_set_num_threads(1) }
        let n = Int32(size)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, &c, n)
    }
}
