import Foundation
import TestSupport
import Testing

/// What commands must never write to: their inputs, other outputs, what sessions and cohorts keep, and folders that hold something else.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct OutputTests {
    @Test(
        "An output that is an input, another output or a file that is kept is refused, and every file stays as it was",
        arguments: [
            ("lungs a.nii.gz --out a.nii.gz", "is the same file as IMAGE"),
            ("lungs link.nii.gz --out a.nii.gz", "is the same file as IMAGE"),
            ("lungs hard.nii.gz --out a.nii.gz", "is the same file as IMAGE"),
            ("lungs a.nii.gz --out link.nii.gz", "is the same file as IMAGE"),
            ("lungs a.nii.gz --out b.nii.gz", "is kept by the cohort"),
            ("lungs a.nii.gz --out session/masks/m.nii.gz", "is kept by the session"),
            ("lungs a.nii.gz --out prepared/lungs/a.nii.gz", "is kept by the prepared cohort"),
            ("lungs a.nii.gz --out atlas/mask.nii.gz", "is kept by the atlas"),
            ("register --fixed atlas/mask.nii.gz --moving mask.nii.gz --out mask.nii.gz", "is the same file as --moving"),
            ("segment --session session --image c.nii.gz --subtype cle --out c.nii.gz", "is the same file as --image"),
            (
                "segment --session session --image c.nii.gz --lungs mask.nii.gz --subtype cle --out mask.nii.gz",
                "is the same file as --lungs"
            ),
            (
                "segment --session session --image c.nii.gz --subtype cle --out m.nii.gz --probability m.nii.gz",
                "is the same file as --out"
            ),
            ("features --weights w.safetensors --patches p.safetensors --out p.safetensors", "is the same file as --patches"),
            ("features --session session --cohort prepared --out prepared/quality.csv", "is kept by the prepared cohort"),
            ("export session --metrics session/journal.jsonl", "is kept by the session"),
            ("export session --png session/session.json", "is kept by the session"),
            ("convert w.safetensors w.safetensors", "is the same file as IN"),
            ("replay session/tape.jsonl --frames session/tape.jsonl", "is the same file as TAPE"),
            ("phantom --subjects 1 --out cohort.csv", "is kept by the cohort"),
            ("phantom --out . --subjects 1", "was not made there by this command"),
            ("atlas --lungs mask.nii.gz --out session", "was not made there by this command"),
            ("atlas --lungs mask.nii.gz --out session/atlas", "is kept by the session"),
            ("atlas --lungs atlas/mask.nii.gz --out atlas", "which would be replaced"),
            ("prepare cohort.csv --atlas atlas --out session", "was not made there by this command"),
            ("prepare own.csv --atlas atlas --out prepared", "which would be replaced"),
            ("pretrain --cohort prepared --session prepared --headless", "was not made there by this command"),
            ("demo --headless --session atlas", "was not made there by this command"),
            ("experiment table2 --cohort prepared --out session --headless", "was not made there by this command"),
        ])
    func refused(_ command: String, _ words: String) throws {
        let world = try Self.world()
        let before = try world.contents(of: ".")
        expectRefusal(try world.run(command), words, "\(command)")
        #expect(try world.contents(of: ".") == before)
    }

    private static func world() throws -> SmallWorld {
        let world = try SmallWorld()
        let files = FileManager.default
        for (name, copy) in [("a.nii.gz", "c.nii.gz"), ("a.lungs.nii.gz", "mask.nii.gz")] {
            try files.copyItem(atPath: world.path(name), toPath: world.path(copy))
        }
        try files.createSymbolicLink(atPath: world.path("link.nii.gz"), withDestinationPath: "a.nii.gz")
        try files.linkItem(atPath: world.path("a.nii.gz"), toPath: world.path("hard.nii.gz"))
        try world.write("subject,image,lungs\na,a.nii.gz,prepared/lungs/a.nii.gz\n", to: "own.csv")
        for name in ["w.safetensors", "p.safetensors", "session/tape.jsonl"] { try world.write("{}", to: name) }
        return world
    }

    @Test("A link is written through, also one that leads nowhere yet; a name may have 255 bytes; a pipe stays a pipe")
    func places() throws {
        let world = try SmallWorld()
        let files = FileManager.default
        try files.createDirectory(atPath: world.path("far"), withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: world.path("out.txt"), withDestinationPath: "far/t.txt")
        let register = "register --fixed atlas/mask.nii.gz --moving a.lungs.nii.gz --out"
        for _ in 0..<2 {
            #expect(try world.run("\(register) out.txt").status == 0)
            #expect(try files.destinationOfSymbolicLink(atPath: world.path("out.txt")) == "far/t.txt")
            #expect(try world.read("far/t.txt").starts(with: Data("#Insight Transform File".utf8)))
        }
        let long = String(repeating: "n", count: 251) + ".txt"
        #expect(try world.run("\(register) \(long)").status == 0)
        #expect(try world.read(long) == world.read("far/t.txt"))
        expectRefusal(try world.run("\(register) n\(long)"), "File name too long", "256 bytes")

        #expect(mkfifo(world.path("pipe"), 0o644) == 0)
        let pipe = world.path("pipe")
        let reader = Process()
        reader.executableURL = URL(fileURLWithPath: "/bin/cp")
        reader.arguments = [pipe, world.path("piped.csv")]
        try reader.run()
        #expect(try world.run("export session --metrics pipe").status == 0)
        reader.waitUntilExit()
        #expect(try world.run("export session --metrics plain.csv").status == 0)
        #expect(try world.read("piped.csv") == world.read("plain.csv"))
        var status = stat()
        #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        #expect(try world.unfinished().isEmpty)
    }

    @Test("An image's name that could not be read back is wrong usage", arguments: ["m.Nii.Gz", "m.NII", "m.img", ".nii.gz"])
    func imageNames(_ name: String) throws {
        let world = try SmallWorld()
        let result = try world.run("lungs a.nii.gz --out \(name)")
        #expect(result.status == 2 && result.errors.contains("expected a name that ends in .nii or .nii.gz"))
        #expect(!world.exists(name))
    }

    @Test("Phantoms are made again in their own folder, and not over a table that somebody changed")
    func phantoms() throws {
        let world = try SmallWorld()
        let command = "phantom --out p --subjects 1 --seed 3"
        for _ in 0..<2 { #expect(try world.run(command).status == 0) }
        let table = try world.read("p/cohort.csv")
        #expect(try world.run("lungs p/atlas.ct.nii.gz --out p/atlas.lungs.nii.gz").status == 1)
        try (table + Data("x,x.nii.gz\n".utf8)).write(to: world.folder.appendingPathComponent("p/cohort.csv"))
        let before = try world.contents(of: "p")
        expectRefusal(try world.run(command), "holds a cohort.csv that was changed", "changed table")
        #expect(try world.contents(of: "p") == before)
    }

    @Test("Both subtypes are segmented at once, each as alone")
    func bothSubtypes() throws {
        let world = try SmallWorld()
        try world.write("subject,subtype,x,y,z\na,paraseptal,20,0,5\nb,healthy,-20,0,-8\n", to: "pse.csv")
        #expect(try world.run("finetune --session session --cohort prepared --boxes pse.csv --subtype paraseptal").status == 0)
        let refused = try world.run("segment --session session --image a.nii.gz --subtype paraseptal --out n.nii.gz --stride 16")
        #expect(refused.status == 1 && refused.errors.contains("is UNFIT"), "\(refused.errors)")
        #expect(refused.errors.contains("--unfit-anyway"))
        #expect(!world.exists("n.nii.gz"))
        let common = "segment --session session --image a.nii.gz --lungs a.lungs.nii.gz --stride 16 --unfit-anyway"
        for subtype in ["cle", "paraseptal"] {
            #expect(try world.run("\(common) --subtype \(subtype) --out \(subtype).nii.gz --probability p.\(subtype).nii.gz").status == 0)
        }
        let both = try world.run("\(common) --subtype cle --subtype paraseptal --out m.nii.gz --probability q.nii.gz --json")
        #expect(both.status == 0)
        #expect(try (both.json()["masks"] as? [Any])?.count == 2)
        for subtype in ["cle", "paraseptal"] {
            #expect(try world.read("m.\(subtype).nii.gz") == world.read("\(subtype).nii.gz"))
            #expect(try world.read("q.\(subtype).nii.gz") == world.read("p.\(subtype).nii.gz"))
            #expect(world.exists("m.\(subtype).lesion.nii.gz"))
        }
        // The lesions of one subtype alone, and a region without them.
        #expect(try world.run("\(common) --subtype cle --kind lesion --out l.nii.gz").status == 0)
        #expect(!world.exists("l.lesion.nii.gz") && world.exists("l.nii.gz.json"))
        #expect(try world.run("\(common) --subtype cle --kind region --out r.nii.gz").status == 0)
        #expect(try !world.exists("r.lesion.nii.gz") && world.read("r.nii.gz") == world.read("cle.nii.gz"))
    }
}
