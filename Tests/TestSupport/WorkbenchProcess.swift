import Foundation
import Testing

/// The built program, run as its users run it.
package enum WorkbenchProcess {
    /// What a run left.
    package struct Result {
        package let status: Int32
        package let output, errors: String
        package let seconds: Double
        /// Memory in RAM at most.
        package let peakBytes: Int
        /// What it was ended for; nil where it ended by itself.
        package let excess: String?

        /// The sentence of a refusal: the one line that begins with the program's name.
        package var sentences: [String] {
            errors.split(separator: "\n").filter { $0.hasPrefix("workbench: ") }.map { String($0.dropFirst(11)) }
        }

        /// The one JSON object on standard output.
        package func json() throws -> [String: Any] {
            let lines = output.split(separator: "\n")
            #expect(lines.count == 1, "standard output is \(output)")
            return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    /// What no run may go beyond.
    package struct Limits {
        package var seconds: Double
        /// Of memory in RAM.
        package var bytes: Int

        package init(seconds: Double = 3600, bytes: Int = 8 << 30) {
            self.seconds = seconds
            self.bytes = bytes
        }
    }

    /// `WORKBENCH_BINARY`, else the release build in the package's folder.
    package static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["WORKBENCH_BINARY"] { return URL(fileURLWithPath: path) }
        return Checkout.root.appendingPathComponent(".build/release/workbench")
    }()

    package static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: binary.path) }

    /// - Parameters:
    ///   - kilobytes: the size beyond which no file can grow, as on a disk that is full.
    ///   - limits: beyond which the process is ended.
    ///   - environment: variables that are set to something else.
    ///   - output: where standard output goes instead of into the result.
    package static func run(
        _ arguments: [String], in folder: URL, kilobytes: Int? = nil, limits: Limits = Limits(), environment: [String: String] = [:],
        output: String? = nil
    ) throws
        -> Result
    {
        let files = try (out: scratch(), error: scratch())
        defer { for file in [files.out, files.error] { try? FileManager.default.removeItem(at: file) } }
        let process = Process()
        if let kilobytes {
            // Ignored, the signal of a file that grows too large becomes an error of the write, as with a full disk.
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "trap '' XFSZ; ulimit -f \(kilobytes); exec \"$0\" \"$@\"", binary.path] + arguments
        } else {
            process.executableURL = binary
            process.arguments = arguments
        }
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output.map { URL(fileURLWithPath: $0) } ?? files.out)
        process.standardError = try FileHandle(forWritingTo: files.error)
        let clock = ContinuousClock()
        let began = clock.now
        try process.run()
        var peak = 0
        var excess: String?
        while process.isRunning {
            peak = max(peak, peakBytes(of: process.processIdentifier))
            if excess == nil {
                if clock.now - began > .seconds(limits.seconds) { excess = "more than \(Int(limits.seconds)) s" }
                if peak > limits.bytes { excess = "more than \(limits.bytes >> 20) MB" }
                if excess != nil { kill(process.processIdentifier, SIGKILL) }
            }
            usleep(1000)
        }
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try String(contentsOf: files.out, encoding: .utf8), errors: try String(contentsOf: files.error, encoding: .utf8),
            seconds: (clock.now - began) / .seconds(1), peakBytes: peak, excess: excess)
    }

    /// Memory that a process has had in RAM at most, as the kernel counts it: mapped files among it. 0 once it has ended. Looked at each
    /// millisecond, it misses what is taken in the last one. Until the program is loaded the memory is still that of the process which started
    /// it, and does not count.
    private static func peakBytes(of process: Int32) -> Int {
        let loaded = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
        guard loaded == binary.resolvingSymlinksInPath().path,
            let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes << 10
    }

    private static func scratch() throws -> URL {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-\(UUID().uuidString)")
        try Data().write(to: file)
        return file
    }
}

/// Checks a refusal: exit 1, one clear sentence on standard error that holds `words`, nothing on standard output, no trace of a crash.
package func expectRefusal(
    _ result: WorkbenchProcess.Result, _ words: String, prints: Bool = false, _ comment: Comment,
    location: SourceLocation = #_sourceLocation
) {
    #expect(result.status == 1, comment, sourceLocation: location)
    #expect(result.sentences.count == 1 && result.sentences[0].contains(words), "\(comment): \(result.errors)", sourceLocation: location)
    #expect(prints || result.output.isEmpty, "\(comment): \(result.output)", sourceLocation: location)
    for trace in ["Error Domain", "DecodingError", "NSCocoa", "Fatal error", "Backtrac", "** ERROR"] {
        #expect(!result.errors.contains(trace), "\(comment): \(result.errors)", sourceLocation: location)
    }
}
