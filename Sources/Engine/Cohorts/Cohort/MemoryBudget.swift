import Foundation
import Foundations
import Imaging

/// What the scans that are prepared at once may take together.
package struct MemoryBudget: Equatable, Sendable {
    package let bytes: Int

    package init(bytes: Int) {
        precondition(bytes > 0, "MemoryBudget: \(bytes) bytes, expected more than 0")
        self.bytes = bytes
    }

    /// Half of the machine's memory.
    package static let ofThisMachine = MemoryBudget(bytes: Int(ProcessInfo.processInfo.physicalMemory / 2))

    /// Reads `8G`, `512M` or a number of bytes.
    /// - Throws: `Failure` where it is none.
    package init(_ text: String) throws {
        let units = ["K": 10, "M": 20, "G": 30, "T": 40]
        let unit = text.last.flatMap { units[$0.uppercased()] }
        let number = Double(unit == nil ? text : String(text.dropLast()))
        guard let number, number > 0, number < 1e15, case let bytes = number * Double(1 << (unit ?? 0)), bytes >= 1, bytes < 1e18 else {
            throw Failure("\"\(text)\" is not an amount of memory; expected for example 8G or 512M")
        }
        self.init(bytes: Int(bytes))
    }

    /// How many scans fit at once, by the largest, at most one a thread and at least one.
    func scansAtOnce(_ rows: [CohortManifest.Row], parallel: Parallel) -> Int {
        let most = min(parallel.threads, rows.count)
        guard most > 1 else { return max(1, most) }
        let largest = parallel.map(rows.count) { Self.needed(for: rows[$0].image) }.max() ?? 0
        return max(1, min(most, bytes / max(1, largest)))
    }

    /// Bytes a voxel of the scan, and a cubic millimetre of it, that a subject holds at the most; half as much again as was measured: 4 and 4
    /// (442 MB for 48 million voxels of 39 L, 273 MB for 10 million of 33 L).
    private static let bytesAVoxel = 6
    private static let bytesACubicMillimetre = 6
    /// Patches, and what does not depend on the scan.
    private static let fixedBytes = 150 << 20

    /// What preparing a scan takes at most; a scan that cannot be read takes nothing.
    static func needed(for image: URL) -> Int {
        if FileStamp.isFolder(image) {
            // Of a series only the size of its files is known before it is read: two bytes a voxel, and often compressed by half.
            let voxels = (try? FileStamp.bytes(of: image)) ?? 0
            return fixedBytes + voxels * (bytesAVoxel + bytesACubicMillimetre)
        }
        guard let header = try? NiftiFile.readHeader(image) else { return fixedBytes }
        let millimetres = Int(Double(header.extent.count) * abs(header.voxelToWorld.determinant))
        return fixedBytes + header.extent.count * bytesAVoxel + millimetres * bytesACubicMillimetre
    }
}
