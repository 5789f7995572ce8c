import CZip
import Foundation
import Foundations

/// A zip archive, opened for reading through libzip. Entries are stored or deflated; their checksums are verified.
///
/// Not Sendable: it belongs to the queue that opened it.
final class ZipArchive {
    private let handle: OpaquePointer
    private let path: String
    /// Bytes that may still be unpacked: a file that claims to hold vastly more than its size is refused.
    private var allowance: Int

    /// - Throws: `Failure` where the file cannot be opened or is not a zip archive.
    init(_ file: URL) throws {
        path = file.path
        var code: Int32 = 0
        guard let handle = zip_open(path, Int32(ZIP_RDONLY), &code) else {
            switch code {
            case Int32(ZIP_ER_NOENT): throw Failure("cannot read \(path): no such file")
            case Int32(ZIP_ER_NOZIP):
                throw Failure(
                    "\(path) is not a checkpoint that can be read: it is not a zip archive, which torch.save writes since PyTorch 1.6; is it cut off, "
                        + "or older? Load and save it again with a newer PyTorch")
            default:
                var error = zip_error_t()
                zip_error_init_with_code(&error, code)
                defer { zip_error_fini(&error) }
                throw Failure("cannot read the zip archive \(path): \(String(cString: zip_error_strerror(&error)))")
            }
        }
        self.handle = handle
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        allowance = 64 * min(size, 1 << 50) + 64 << 20
    }

    deinit { zip_discard(handle) }

    /// The names of all entries, in the archive's order.
    var names: [String] {
        (0..<max(0, zip_get_num_entries(handle, 0))).compactMap { zip_get_name(handle, zip_uint64_t($0), 0).map { String(cString: $0) } }
    }

    /// An entry's bytes, or nil where there is none of this name.
    func read(_ name: String) throws -> Data? {
        let index = zip_name_locate(handle, name, 0)
        guard index >= 0 else { return nil }
        func fault(_ why: String) -> Failure { Failure("\(path): the entry \(name) cannot be read: \(why); is the file damaged?") }
        var status = zip_stat_t()
        zip_stat_init(&status)
        guard zip_stat_index(handle, zip_uint64_t(index), 0, &status) == 0, status.valid & zip_uint64_t(ZIP_STAT_SIZE) != 0 else {
            throw fault(String(cString: zip_strerror(handle)))
        }
        guard let size = Int(exactly: status.size), size <= allowance else {
            throw fault("it claims \(status.size) bytes, far more than the archive can hold")
        }
        allowance -= size
        guard let entry = zip_fopen_index(handle, zip_uint64_t(index), 0) else { throw fault(String(cString: zip_strerror(handle))) }
        defer { zip_fclose(entry) }
        var data = Data(count: size)
        var place = 0
        while place < size {
            let count = data.withUnsafeMutableBytes { zip_fread(entry, $0.baseAddress! + place, zip_uint64_t(size - place)) }
            guard count >= 0 else { throw fault(String(cString: zip_file_strerror(entry))) }
            guard count > 0 else { throw fault("it ends after \(place) of \(size) bytes") }
            place += Int(count)
        }
        // The checksum is verified when the end is reached.
        var extra: UInt8 = 0
        switch zip_fread(entry, &extra, 1) {
        case 0: return data
        case 1: throw fault("it is longer than the \(size) bytes that it claims")
        default: throw fault(String(cString: zip_file_strerror(entry)))
        }
    }
}
