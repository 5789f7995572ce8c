import Foundation
import StudyResults
import TestSupport
import Testing

@Suite("Experiments on the command line", .enabled(if: WorkbenchProcess.isBuilt))
struct ExperimentCommandTests {
    @Test("a run that is killed anywhere goes on and ends with the same numbers; --json is one object")
    func killed() throws {
        let scratch = try ScratchFolder()
        let (cohort, session) = try ExperimentWorld.make(scratch)
        func arguments(_ out: String) -> [String] {
            ["experiment", "table8", "--cohort", cohort.folder.path, "--out", out, "--session", session.root.path, "--json"]
        }
        let whole = try WorkbenchProcess.run(arguments("whole"), in: scratch.url)
        #expect(whole.status == 0, "\(whole.errors)")
        let report = try whole.json()
        #expect(report["profile"] as? String == "quick" && (report["failures"] as? [Any])?.isEmpty == true)
        var kills = 0
        for delay in [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8] {
            let shell = "\"$0\" \"$@\" & sleep \(delay); kill -9 $!; wait $!"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", shell, WorkbenchProcess.binary.path] + arguments("killed")
            process.currentDirectoryURL = scratch.url
            (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try process.run()
            process.waitUntilExit()
            kills += process.terminationStatus == 0 ? 0 : 1
        }
        #expect(kills > 1)
        let resumed = try WorkbenchProcess.run(arguments("killed"), in: scratch.url)
        #expect(resumed.status == 0, "\(resumed.errors)")
        func measured(_ out: String) throws -> [MethodScore] {
            let file = scratch.url.appendingPathComponent("\(out)/results/table8.json")
            return try JSONDecoder().decode(ExperimentResult.self, from: Data(contentsOf: file)).measurements
        }
        #expect(try measured("killed") == measured("whole"))
        let left = try FileManager.default.subpathsOfDirectory(atPath: scratch.url.appendingPathComponent("killed").path)
        #expect(!left.contains { $0.contains(".partial-") }, "\(left)")
        let opened = try WorkbenchProcess.run(["open", "killed"], in: scratch.url)
        #expect(opened.status == 0 && opened.output.contains("table8: done") && opened.output.contains("table2: not run"))
    }

    @Test("a cohort.csv is prepared first; without an atlas, or with too few subjects, it is refused in a sentence")
    func unprepared() throws {
        let world = try SmallWorld()
        expectRefusal(
            try world.run("experiment table8 --cohort cohort.csv --out e --json"), "is a cohort that is not prepared; give the atlas",
            "no atlas")
        #expect(!world.exists("e"))
        let result = try world.run("experiment table8 --cohort cohort.csv --atlas atlas --out e --json")
        expectRefusal(result, "has 2 subjects; 5-fold cross-validation needs at least 10", "few")
        #expect(world.exists("e/prepared/prepared.json"))
        #expect(try world.unfinished().isEmpty)
        #expect(try world.run("experiment table1 --cohort prepared --out e").status == 2)
    }
}
