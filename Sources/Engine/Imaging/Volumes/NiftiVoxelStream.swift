import CNifti
import Foundation
import Foundations

/// Reads a NIfTI file's voxels piece by piece, so that an image never lies in memory twice.
///
/// The library's own loader replaces NaN by 0, which is soft tissue in HU; hence the bytes are taken through its file layer.
struct NiftiVoxelStream {
    private static let voxelsAPiece = 1 << 20
    let header: NiftiHeader
    /// What the user calls the file.
    let path: String

    init(_ header: NiftiHeader, path: String) {
        self.header = header
        self.path = path
    }

    /// All voxels, x fastest, each passed through `convert` after scaling.
    /// - Throws: if the data are cut off or damaged.
    func read<Output>(as type: Output.Type, _ convert: (Double) -> Output) throws -> [Output] {
        // Locals, not fields: a closure that held the whole stream would count references at every voxel.
        let (slope, intercept) = (header.slope, header.intercept)
        @inline(__always)
        func scaled(_ stored: Double) -> Double { stored * slope + intercept }
        return switch header.datatype {
        case .uint8: try read(stored: UInt8.self) { convert(scaled(Double($0))) }
        case .int8: try read(stored: Int8.self) { convert(scaled(Double($0))) }
        case .uint16: try read(stored: UInt16.self) { convert(scaled(Double($0))) }
        case .int16: try read(stored: Int16.self) { convert(scaled(Double($0))) }
        case .uint32: try read(stored: UInt32.self) { convert(scaled(Double($0))) }
        case .int32: try read(stored: Int32.self) { convert(scaled(Double($0))) }
        case .uint64: try read(stored: UInt64.self) { convert(scaled(Double($0))) }
        case .int64: try read(stored: Int64.self) { convert(scaled(Double($0))) }
        case .float32: try read(stored: Float.self) { convert(scaled(Double($0))) }
        case .float64: try read(stored: Double.self) { convert(scaled($0)) }
        }
    }

    @inline(__always)
    private func read<Stored, Output>(stored: Stored.Type, _ convert: (Stored) -> Output) throws -> [Output] {
        let count = header.extent.count
        let bytesAVoxel = MemoryLayout<Stored>.stride
        let isCompressed = header.dataPath.lowercased().hasSuffix(".gz")
        guard let stream = znzopen(header.dataPath, "rb", isCompressed ? 1 : 0) as znzFile? else {
            throw Failure.system("open \(header.dataPath)")
        }
        var closing: znzFile? = stream
        defer { _ = Xznzclose(&closing) }
        guard znzseek(stream, header.dataOffset, SEEK_SET) >= 0 else { throw cutOff(0, of: count) }

        // A damaged header must not claim memory that no data back; deflate shrinks at most 1032-fold.
        let fileSize = (try? FileStamp.bytes(of: URL(fileURLWithPath: header.dataPath))) ?? 0
        let mostBytes = isCompressed ? fileSize * 1032 : fileSize
        guard count * bytesAVoxel <= mostBytes else { throw cutOff(min(count, mostBytes / bytesAVoxel), of: count) }
        var voxels: [Output] = []
        voxels.reserveCapacity(count)
        let piece = UnsafeMutableBufferPointer<Stored>.allocate(capacity: Self.voxelsAPiece)
        defer { piece.deallocate() }
        while voxels.count < count {
            let wanted = min(piece.count, count - voxels.count)
            let got = znzread(piece.baseAddress, 1, wanted * bytesAVoxel, stream)
            guard got == wanted * bytesAVoxel else {
                throw cutOff(voxels.count + (got <= wanted * bytesAVoxel ? got / bytesAVoxel : 0), of: count)
            }
            if header.isByteSwapped { nifti_swap_Nbytes(Int64(wanted), Int32(bytesAVoxel), piece.baseAddress) }
            voxels.append(contentsOf: UnsafeBufferPointer(rebasing: piece[..<wanted]).lazy.map(convert))
        }
        // Reading past the last voxel makes zlib check the checksum at the end of the file.
        guard znzread(piece.baseAddress, 1, 1, stream) <= 1 else {
            throw Failure("\(path) is damaged: its compressed data fail their checksum; get a fresh copy")
        }
        return voxels
    }

    private func cutOff(_ found: Int, of expected: Int) -> Failure {
        Failure("\(path) is cut off or damaged: voxel \(found) of \(expected) cannot be read; get a fresh copy")
    }
}
