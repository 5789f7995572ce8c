import ArgumentParser
import Foundation
import Foundations
import Learning
import Network

/// `workbench doctor`: what this machine offers and what is missing.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Libraries and versions, instruction set, threads, terminal: what is there and what is missing.")

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let report = Report()
        if json { return try JSONOutput.print(report) }
        print("workbench         \(report.version)")
        print("instruction set   \(report.isa) (possible: \(report.isaPossible.joined(separator: ", ")))")
        print("threads           \(report.threads)")
        print("OpenBLAS          \(report.openblas), kernels for \(report.openblasCore)")
        print("NIfTI             \(report.nifti)")
        print("libzip            \(report.libzip)")
        print("OpenSSL           \(report.openssl)")
        print(
            "terminal          TERM=\(report.term), \(report.utf8 ? "UTF-8" : "no UTF-8: ASCII screens"), \(report.isTerminal ? "a terminal" : "no terminal: headless")"
        )
        for line in report.missing { print("missing           \(line)") }
        if report.missing.isEmpty { print("nothing is missing") }
    }

    private struct Report: Encodable {
        let version = WorkbenchVersion.text
        let isa = KernelSelection.best.name
        let isaPossible = KernelSelection.available.map(\.name)
        let threads = Parallel.allProcessors.threads
        let openblas = DenseAlgebra.description
        let openblasCore = DenseAlgebra.coreName
        let nifti = "libnifti2, NIfTI-1 and NIfTI-2"
        let libzip = CheckpointConversion.libraryVersion
        let openssl = Checksum.libraryVersion
        let term = ProcessInfo.processInfo.environment["TERM"] ?? "(not set)"
        let utf8: Bool
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let missing: [String]

        init() {
            let environment = ProcessInfo.processInfo.environment
            let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
            utf8 = locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
            missing = [ExternalTool.converter, .headerReader].filter { $0.place == nil }.map(\.remedy)
        }
    }
}
