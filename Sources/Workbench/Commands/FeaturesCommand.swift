import ArgumentParser
import Cohorts
import Foundation
import Foundations
import Learning
import SessionFormat

/// `workbench features`: representations of patches, or image-level features of a cohort.
struct FeaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "Encode patches with given weights, or a cohort with a session's encoder.")

    @Option(help: "Weights under the release's parameter names, .safetensors or .pth.tar.")
    var weights: String?

    @Option(help: "Patches: `patches` [n,1,32,32,32] Float32 in [-1,1] or Int16 HU, `locations` [n,3] normalised.")
    var patches: String?

    @Option(help: "Session with a pre-trained encoder.")
    var session: String?

    @Option(help: "Prepared cohort.")
    var cohort: String?

    @Option(help: ".safetensors, or .csv for a cohort.")
    var out: String

    @Option(help: "Threads.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected 1 or more") }
        guard
            (weights != nil && patches != nil && session == nil && cohort == nil)
                || (weights == nil && patches == nil && session != nil && cohort != nil)
        else { throw ValidationError("expected --weights and --patches, or --session and --cohort") }
        guard out.hasSuffix(".safetensors") || (out.hasSuffix(".csv") && session != nil) else {
            throw ValidationError("--out is \(out), expected a name that ends in .safetensors\(session != nil ? " or .csv" : "")")
        }
    }

    func run() throws {
        let parallel = threads.map(Parallel.init(threads:)) ?? .allProcessors
        let target = URL(fileURLWithPath: out)
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("--weights", weights)
        files.reads("--patches", patches)
        files.reads("--session", session)
        files.reads("--cohort", cohort)
        files.writes("--out", out)
        try files.check()
        if let weights, let patches {
            let extractor = try FeatureExtractor(weights: URL(fileURLWithPath: weights), parallel: parallel)
            try extractor.encode(Safetensors(contentsOf: URL(fileURLWithPath: patches))).write(to: target)
        } else if let session, let cohort {
            let folder = SessionFolder(URL(fileURLWithPath: session, isDirectory: true))
            let prepared = try folder.cohort(at: URL(fileURLWithPath: cohort, isDirectory: true))
            let line = ProgressLine()
            let features = try FeatureExtractor(model: InferenceModel.open(folder, parallel: parallel), parallel: parallel).imageFeatures(
                prepared
            ) {
                line.show("landmarks", done: $0, total: $1)
            }
            line.finish()
            try features.write(to: target)
        }
        print("written to \(out)")
    }
}
