import Foundation

/// A program of the system's that a task needs.
package struct ExternalTool: Equatable, Sendable {
    /// The command.
    package let name: String
    /// Debian's package that holds it.
    package let package: String
    /// What the workbench needs it for, to follow "which".
    package let purpose: String

    /// Decodes DICOM images that are packed as JPEG 2000.
    package static let converter = ExternalTool(name: "dcm2niix", package: "dcm2niix", purpose: "decodes JPEG 2000 in DICOM series")
    /// Lists chosen fields of DICOM files, and takes their pixels out.
    package static let headerReader = ExternalTool(name: "dcmdump", package: "dcmtk", purpose: "reads DICOM series")
    package static let jpegDecoder = ExternalTool(name: "dcmdjpeg", package: "dcmtk", purpose: "decodes JPEG in DICOM series")
    package static let jpegLSDecoder = ExternalTool(name: "dcmdjpls", package: "dcmtk", purpose: "decodes JPEG-LS in DICOM series")
    package static let runLengthDecoder = ExternalTool(name: "dcmdrle", package: "dcmtk", purpose: "decodes RLE in DICOM series")

    /// What a run left.
    package struct Outcome {
        /// Its exit status; where a signal ended it, the signal's number below 0.
        package let status: Int32
        package let output, errors: String

        /// How it ended, in words, to follow the tool's name.
        package var ending: String { status < 0 ? "was ended by signal \(-status)" : "ended with status \(status)" }
    }

    /// Where it is on the `PATH`; nil where it is not installed.
    package var place: URL? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// What to do where it is missing.
    package var remedy: String { "\(name), which \(purpose): apt-get install \(package)" }

    /// Runs to the end. Only the search path and the tool's own dictionary reach it, so that a user's defaults change nothing.
    ///
    /// What it prints comes through pipes: a disk without room cannot cut it off.
    /// - Parameter folder: its working folder.
    /// - Throws: `Failure` where it is not installed or cannot be started.
    package func run(_ arguments: [String], in folder: URL) throws -> Outcome {
        guard let place else { throw Failure("\(name), which \(purpose), is not installed; run: apt-get install \(package)") }
        let process = Process()
        process.executableURL = place
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "DCMDICTPATH"].contains($0.key) }
        process.environment = inherited.merging(["HOME": folder.path, "LC_ALL": "C"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (PipeReader(), PipeReader())
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        do { try process.run() } catch {
            throw Failure("\(place.path) cannot be started: \(error.localizedDescription)")
        }
        // One of two full pipes would hold the tool up.
        errors.start()
        let text = output.readToEnd()
        let complaints = errors.wait()
        process.waitUntilExit()
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(status: status, output: text, errors: complaints)
    }
}

/// Everything that comes out of a pipe, as text.
private final class PipeReader: @unchecked Sendable {
    let pipe = Pipe()
    private let done = DispatchSemaphore(value: 0)
    /// Written by one thread before `done` is signalled, and read after it.
    private var text = ""

    func readToEnd() -> String {
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? nil
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Reads on a thread of its own: Dispatch's may all be waiting for tools.
    func start() {
        Thread { [self] in
            text = readToEnd()
            done.signal()
        }.start()
    }

    func wait() -> String {
        done.wait()
        return text
    }
}
