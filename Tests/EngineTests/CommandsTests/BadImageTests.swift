import Foundation
import Foundations
import Imaging
import SessionFormat
import TestSupport
import Testing

/// Images that cannot be used, against every command that reads one.
@Suite(.enabled(if: WorkbenchProcess.isBuilt))
struct BadImageTests {
    /// A fault and the words that its sentence must hold.
    enum Fault: String, CaseIterable {
        case missing = "does not exist"
        case folder = "is a folder"
        case empty = "is empty (0 bytes)"
        case text = "is not a NIfTI image"
        case cut = "is cut off or damaged"
        case flat = "is a 2-D image"
        case series = "holds 3 volumes"
        case negativeExtent = "its header is damaged"
        case far = "are its numbers in millimetres"
        case giant = "reaches beyond 10 m"
        case unplaced = "does not say how it lies in the patient"
        case mixedLetters = "large and small letters mixed; rename it to end in .nii"

        /// Makes the file; a missing one is not made.
        func make(_ world: SmallWorld) throws -> String {
            var name = "bad.nii.gz"
            let file = world.folder.appendingPathComponent("bad.nii")
            switch self {
            case .missing: break
            case .folder: try FileManager.default.createDirectory(atPath: world.path(name), withIntermediateDirectories: true)
            case .empty: try world.write("", to: name)
            case .text: try world.write(String(repeating: "not an image\n", count: 100), to: name)
            case .cut: try Data(try world.read("a.lungs.nii.gz").dropLast(200)).write(to: world.folder.appendingPathComponent(name))
            default:
                let voxels = Volume<Int16>(
                    extent: Extent3(x: 12, y: 12, z: 12), voxelToWorld: Affine3(scale: [2, 2, 2]), repeating: 0)
                try NiftiFile.write(voxels, to: file)
                var bytes = try Data(contentsOf: file)
                func put(_ value: some Any, at offset: Int) {
                    withUnsafeBytes(of: value) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
                }
                switch self {
                case .flat: put(Int16(1), at: 46)
                case .series:
                    put(Int16(4), at: 40)
                    put(Int16(4), at: 46)
                    put(Int16(3), at: 48)
                case .negativeExtent: put(Int16(-5), at: 42)
                case .far: put(Float(1e20), at: 280 + 12)
                case .giant: for axis in 0..<3 { put(Float(1e4), at: 280 + 20 * axis) }
                case .mixedLetters: break
                default: put(UInt32(0), at: 252)
                }
                name = self == .mixedLetters ? "bad.Nii" : "bad.nii"
                try bytes.write(to: world.folder.appendingPathComponent(name))
            }
            return name
        }
    }

    @Test("Every command refuses a file that is not an image of a patient", arguments: Fault.allCases)
    func files(_ fault: Fault) throws {
        let world = try SmallWorld()
        let bad = try fault.make(world)
        for command in [
            "lungs \(bad) --out out.nii.gz --json", "atlas --lungs \(bad) --out out --json",
            "atlas --lungs a.lungs.nii.gz --image \(bad) --out out",
            "register --fixed a.lungs.nii.gz --moving \(bad) --out out.txt --json",
            "segment --session session --image \(bad) --subtype cle --out out.nii.gz --json",
            "segment --session session --image a.nii.gz --lungs \(bad) --subtype cle --out out.nii.gz --probability p.nii.gz --json",
        ] {
            expectRefusal(try world.run(command), fault.rawValue, "\(command)")
        }
        try world.write("subject,image\na,\(bad)\n", to: "one.csv")
        expectRefusal(try world.run("prepare one.csv --atlas atlas --out p --json"), fault.rawValue, "prepare")
        for name in ["out", "out.nii.gz", "out.txt", "out.nii.gz.json", "p.nii.gz"] { #expect(!world.exists(name), "\(name) was left") }
        #expect(try world.unfinished().isEmpty)
    }

    @Test(
        "Values that are no HU are refused",
        arguments: [
            ("constant", "is constant"), ("nan", "holds no numbers"), ("unit", "does not look like Hounsfield units"),
            ("noIntercept", "rescale intercept"), ("half", "does not look like Hounsfield units"), ("tenfold", "no lungs were found"),
        ])
    func values(kind: String, words: String) throws {
        let world = try SmallWorld()
        let ct = try NiftiFile.readCT(world.folder.appendingPathComponent("a.nii.gz"))
        let values = ct.voxels.map { voxel -> Float in
            let hounsfield = Float(voxel)
            return switch kind {
            case "constant": -1000
            case "nan": .nan
            case "unit": (hounsfield + 1030) / 1130
            case "noIntercept": hounsfield + 1030
            case "half": hounsfield / 2
            default: hounsfield * 10
            }
        }
        try NiftiFile.write(
            Volume(extent: ct.extent, voxelToWorld: ct.voxelToWorld, voxels: values), to: world.folder.appendingPathComponent("bad.nii.gz"))
        let lungs = try world.run("lungs bad.nii.gz --out out.nii.gz --json")
        expectRefusal(lungs, words, prints: true, "lungs")
        if !lungs.output.isEmpty { #expect(try lungs.json()["quality"] as? String == "refused") }
        expectRefusal(try world.run("segment --session session --image bad.nii.gz --subtype cle --out out.nii.gz --json"), words, "segment")
        #expect(!world.exists("out.nii.gz"))
    }

    @Test(
        "Masks that do not fit are refused with the file's name",
        arguments: [
            ("otherGrid", "is on another grid"), ("empty", "is empty: every voxel is 0"), ("one", "does not fall into two lungs"),
            ("image", "looks like an image"), ("negative", "negative values"),
        ])
    func masks(kind: String, words: String) throws {
        let world = try SmallWorld()
        let lungs = try NiftiFile.readLabels(world.folder.appendingPathComponent("a.lungs.nii.gz"))
        let affine = kind == "otherGrid" ? Affine3(scale: [2, 2, 2]) : lungs.voxelToWorld
        let voxels = lungs.voxels.indices.map { index -> Int16 in
            let label = lungs.voxels[index]
            return switch kind {
            case "empty": 0
            case "one": label == 1 ? 1 : 0
            case "image": Int16(index % 1400)
            case "negative": label - 1
            default: label
            }
        }
        try NiftiFile.write(
            Volume(extent: lungs.extent, voxelToWorld: affine, voxels: voxels), to: world.folder.appendingPathComponent("bad.nii.gz"))
        let segment = try world.run("segment --session session --image a.nii.gz --lungs bad.nii.gz --subtype cle --out out.nii.gz --json")
        expectRefusal(segment, words, "segment")
        #expect(segment.errors.contains("bad.nii.gz"))
        try world.write("subject,image,lungs\na,a.nii.gz,bad.nii.gz\n", to: "one.csv")
        let prepare = try world.run("prepare one.csv --atlas atlas --out p")
        expectRefusal(prepare, words, "prepare")
        #expect(prepare.errors.contains("bad.nii.gz"))
        if kind != "otherGrid" {
            expectRefusal(try world.run("atlas --lungs bad.nii.gz --out out"), words, "atlas")
            expectRefusal(try world.run("register --fixed bad.nii.gz --moving a.lungs.nii.gz --out out.txt"), words, "register")
        }
        #expect(!world.exists("out") && !world.exists("out.nii.gz") && !world.exists("out.txt"))
    }
}
