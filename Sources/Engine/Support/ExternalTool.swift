import Foundation

/// A program of the system's that a task needs.
public struct ExternalTool: Sendable {
    /// The command.
    public let name: String
    /// Debian's package that holds it.
    public let package: String
    /// What the workbench needs it for, to follow "which".
    public let purpose: String

    /// Converts DICOM series to NIfTI.
    public static let converter = ExternalTool(name: "dcm2niix", package: "dcm2niix", purpose: "converts DICOM series")
    /// Lists chosen fields of DICOM files.
    public static let headerReader = ExternalTool(name: "dcmdump", package: "dcmtk", purpose: "reads the headers of DICOM series")

    /// What a run left.
    struct Outcome {
        let status: Int32
        let output, errors: String
    }

    /// Where it is on the `PATH`; nil where it is not installed.
    public var place: URL? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// What to do where it is missing.
    public var remedy: String { "\(name), which \(purpose): apt-get install \(package)" }

    /// Runs to the end. Only the search path and the tool's own dictionary reach it, so that a user's defaults change nothing.
    /// - Parameter folder: its working folder; what it prints is kept there meanwhile.
    /// - Throws: `Failure` where it is not installed or cannot be started.
    func run(_ arguments: [String], in folder: URL) throws -> Outcome {
        guard let place else { throw Failure("\(name), which \(purpose), is not installed; run: apt-get install \(package)") }
        let files = ["output", "errors"].map { folder.appendingPathComponent(".\(name)-\($0)") }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        let process = Process()
        process.executableURL = place
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "DCMDICTPATH"].contains($0.key) }
        process.environment = inherited.merging(["HOME": folder.path, "LC_ALL": "C"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        do {
            for file in files { try Data().write(to: file) }
            process.standardOutput = try FileHandle(forWritingTo: files[0])
            process.standardError = try FileHandle(forWritingTo: files[1])
            try process.run()
        } catch {
            throw Failure("\(place.path) cannot be started: \(error.localizedDescription)")
        }
        process.waitUntilExit()
        let texts = files.map { String(decoding: (try? Data(contentsOf: $0)) ?? Data(), as: UTF8.self) }
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(status: status, output: texts[0], errors: texts[1])
    }
}
