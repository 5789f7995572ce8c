import ArgumentParser
import Foundation
import Foundations
import Imaging

/// `workbench register`: the affine map between two lung masks.
struct RegisterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Find the affine map that brings one lung mask onto another.",
        discussion: """
            The transform maps points of the fixed mask's space to points of the moving mask's space. The file is ITK's text format, or its \
            binary one where the name ends in .mat (LPS mm), as antsApplyTransforms takes it to bring the moving image onto the fixed grid; the \
            JSON matrix is RAS+ mm.
            """)

    @Option(name: .long, help: "Lung mask to register to, usually the atlas's.")
    var fixed: String

    @Option(name: .long, help: "Lung mask to register, usually the subject's.")
    var moving: String

    @Option(name: .long, help: "Where the transform goes: ITK text (.txt, .tfm) or binary (.mat).")
    var out: String

    @Option(name: .long, help: "Threads to use (default: all processors).")
    var threads: Int?

    @Flag(name: .long, help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
    }

    func run() throws {
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("--fixed", fixed)
        files.reads("--moving", moving)
        files.writes("--out", out)
        try files.check()
        let masks = try [fixed, moving].map { try readMask($0, parallel: parallel) }
        let result = try Failure.naming("\(moving) to \(fixed)") {
            try AffineRegistration.register(fixed: masks[0], moving: masks[1], parallel: parallel)
        }
        try ItkTransformFile.write(result.fixedToMoving, to: URL(fileURLWithPath: out))
        if json {
            let m = result.fixedToMoving.rowMajor
            try JSONOutput.print(
                RegistrationReport(
                    matrix: (0..<4).map { Array(m[($0 * 4)..<($0 * 4 + 4)]) }, diceBefore: result.diceBefore, diceAfter: result.diceAfter,
                    seconds: result.seconds, threads: parallel.threads))
        } else {
            func decimals(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
            print("Dice \(decimals(result.diceBefore)) before, \(decimals(result.diceAfter)) after, \(decimals(result.seconds)) s")
            print("written to \(out): points of the fixed space to points of the moving space, LPS mm")
        }
    }

    private func readMask(_ path: String, parallel: Parallel) throws -> Volume<UInt8> {
        let labels = try LungMask.readLabels(URL(fileURLWithPath: path))
        return try Failure.naming(path) { try LungMask.normalise(labels: labels, parallel: parallel) }
    }
}

private struct RegistrationReport: Encodable {
    let matrix: [[Double]]
    let diceBefore, diceAfter, seconds: Double
    let threads: Int
}
