import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

/// `workbench import`, and series where other commands take an image.
@Suite(.enabled(if: WorkbenchProcess.isBuilt && ExternalTool.headerReader.place != nil))
struct ImportCommandTests {
    /// A folder with one series, as `in`.
    private func series(_ scratch: borrowing ScratchFolder) throws {
        var series = SyntheticSeries()
        (series.kernel, series.thickness, series.contrast) = ("B70f", "5", "Iomeron")
        try series.write(to: scratch.file("in"))
    }

    private func run(_ arguments: String, in folder: URL, environment: [String: String] = [:]) throws -> WorkbenchProcess.Result {
        try WorkbenchProcess.run(arguments.split(separator: " ").map(String.init), in: folder, environment: environment)
    }

    @Test("prints what was found and nothing of the patient, in words and as JSON")
    func output() throws {
        let scratch = try ScratchFolder()
        try series(scratch)
        let words = try run("import in --out ct.nii.gz", in: scratch.url)
        #expect(words.status == 0, "\(words.errors)")
        for text in ["24×20×6 voxels of 1.5×1.25×2.5 mm", "kernel B70f", "slices 5 mm thick", "contrast agent Iomeron", "is sharp"] {
            #expect(words.output.contains(text), "\(text): \(words.output)")
        }
        let json = try run("import in --out again.nii.gz --json", in: scratch.url)
        let report = try json.json()
        #expect(report["kernel"] as? String == "B70f" && report["slice_thickness_mm"] as? Double == 5)
        #expect(report["contrast"] as? String == "Iomeron" && (report["cautions"] as? [String])?.filter { !$0.contains("HU") }.count == 3)
        for name in ["ct.nii.gz", "again.nii.gz"] {
            #expect(try Data(contentsOf: scratch.file(name)) == Data(contentsOf: scratch.file("ct.nii.gz")))
            let beside = try String(contentsOf: scratch.file("\(name).json"), encoding: .utf8)
            #expect(beside.contains("\"ConvolutionKernel\" : \"B70f\"") && !beside.contains(SyntheticSeries.secret))
        }
        for text in [words.output, words.errors, json.output, json.errors] { #expect(!text.contains(SyntheticSeries.secret)) }
    }

    @Test("values in doubt are warned of on standard error and in the JSON; where pixels cannot be put the folder for them is named")
    func warnings() throws {
        let scratch = try ScratchFolder()
        var series = SyntheticSeries()
        (series.columns, series.rows) = (48, 40)
        // Air at -880, muscle at 170.
        series.hounsfield = { abs($0.x - 20) < 12 ? 170 : $0.y < -29 ? -900 : -880 }
        try series.write(to: scratch.file("in"))
        let result = try run("import in --out ct.nii --json", in: scratch.url)
        #expect(result.status == 0 && result.errors.contains("warning: the air around the patient reads -880 HU"), "\(result.errors)")
        #expect((try result.json()["cautions"] as? [String])?.contains { $0.contains("-880 HU") } == true)
        // Files of 512 bytes at most: the pixels do not come out whole.
        let shell = Process()
        let errors = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", "ulimit -f 1; exec \"$0\" import in --out other.nii", WorkbenchProcess.binary.path]
        shell.currentDirectoryURL = scratch.url
        (shell.standardOutput, shell.standardError) = (FileHandle.nullDevice, errors)
        try shell.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 1 && text.contains("TMPDIR") && !text.contains("damaged"), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("other.nii").path))
    }

    @Test("a missing tool, a place that is no folder, and a folder without lungs are told in one sentence")
    func refusals() throws {
        let scratch = try ScratchFolder()
        try series(scratch)
        let nowhere = ["PATH": scratch.url.path]
        expectRefusal(
            try run("import in --out ct.nii.gz", in: scratch.url, environment: nowhere), "is not installed; run: apt-get install dcmtk",
            "without dcmdump")
        let doctor = try run("doctor --json", in: scratch.url, environment: nowhere)
        #expect((try doctor.json()["missing"] as? [String])?.count == 2)
        expectRefusal(try run("import gone --out ct.nii.gz", in: scratch.url), "is not a folder", "no folder")
        #expect(try run("import in --out ct.png", in: scratch.url).status == 2)
        // A series is taken wherever an image is; this one shows no thorax.
        let lungs = try run("lungs in --out m.nii.gz", in: scratch.url)
        #expect(lungs.status == 1 && lungs.errors.contains("no lungs were found"), "\(lungs.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("ct.nii.gz").path))
    }

    @Test("a run that is killed leaves files that the next one removes, and goes on where it was")
    func killed() throws {
        let scratch = try ScratchFolder()
        let phantom = ThoraxPhantom(size: .compact, seed: 5)
        _ = try PhantomCohort.write(phantom, subjects: 4, to: scratch.url, parallel: .allProcessors) { _ in }
        #expect(try run("atlas --lungs atlas.lungs.nii.gz --out atlas", in: scratch.url).status == 0)
        let process = Process()
        process.executableURL = WorkbenchProcess.binary
        process.arguments = ["prepare", "cohort.csv", "--atlas", "atlas", "--out", "p", "--threads", "1"]
        process.currentDirectoryURL = scratch.url
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        let finished = scratch.file("p/finished").path
        func done() -> Int { ((try? FileManager.default.contentsOfDirectory(atPath: finished)) ?? []).count { $0.hasSuffix(".json") } }
        for _ in 0..<2000 where done() < 1 { usleep(5000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let before = done()
        #expect((1...4).contains(before))
        try Data("half".utf8).write(to: scratch.file("p/lungs/.partial-1-1-x.nii.gz"))
        let result = try run("prepare cohort.csv --atlas atlas --out p --threads 2 --json", in: scratch.url)
        let report = try result.json()
        #expect(report["prepared"] as? Int == 4 && (report["reused"] as? Int ?? 0) >= before)
        let files = try FileManager.default.subpathsOfDirectory(atPath: scratch.file("p").path)
        #expect(!files.contains { $0.contains(".partial-") })
        // The same bytes as a run that nobody disturbed.
        #expect(try run("prepare cohort.csv --atlas atlas --out q --threads 1", in: scratch.url).status == 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.file("q/patches").path) {
            #expect(try Data(contentsOf: scratch.file("p/patches/\(name)")) == Data(contentsOf: scratch.file("q/patches/\(name)")))
        }
    }
}
