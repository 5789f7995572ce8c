import CZip
import Foundation
import Foundations

/// Writes a zip archive of stored entries through libzip; the same entries give the same bytes.
package enum ZipArchiveWriter {
    /// The archive is complete or not there.
    package static func write(_ entries: [(name: String, data: Data)], to file: URL) throws {
        try AtomicFile.replace(file) { temporary in
            var code: Int32 = 0
            guard let archive = zip_open(temporary.path, Int32(ZIP_CREATE | ZIP_TRUNCATE), &code) else {
                var error = zip_error_t()
                zip_error_init_with_code(&error, code)
                defer { zip_error_fini(&error) }
                throw Failure("cannot create \(file.path): \(String(cString: zip_error_strerror(&error)))")
            }
            do {
                for entry in entries { try add(entry.name, entry.data, to: archive, path: file.path) }
                guard zip_close(archive) == 0 else { throw fault(archive, file.path) }
            } catch {
                zip_discard(archive)
                throw error
            }
        }
    }

    private static func add(_ name: String, _ data: Data, to archive: OpaquePointer, path: String) throws {
        // libzip reads the bytes when the archive is closed, and frees this copy of them.
        guard let copy = malloc(max(1, data.count)) else {
            throw Failure("cannot write \(path): not enough memory for \(data.count) bytes")
        }
        data.withUnsafeBytes { if let start = $0.baseAddress { copy.copyMemory(from: start, byteCount: $0.count) } }
        guard let source = zip_source_buffer(archive, copy, zip_uint64_t(data.count), 1) else {
            free(copy)
            throw fault(archive, path)
        }
        let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
            zip_source_free(source)
            throw fault(archive, path)
        }
        // 1 January 1980, where zip's calendar begins: an archive tells nothing of when it was made.
        guard zip_set_file_compression(archive, zip_uint64_t(index), zip_int32_t(ZIP_CM_STORE), 0) == 0,
            zip_file_set_dostime(archive, zip_uint64_t(index), 0, 0x21, 0) == 0
        else { throw fault(archive, path) }
    }

    private static func fault(_ archive: OpaquePointer, _ path: String) -> Failure {
        Failure("cannot write \(path): \(String(cString: zip_strerror(archive)))")
    }
}
