import Foundation
import Foundations
import Imaging

/// A thorax of 0.1 L, its atlas, a prepared cohort of two and a session trained for one step: made once by the program itself, in a folder
/// that each test gets a copy of.
package final class SmallWorld: Sendable {
    package let folder: URL

    package convenience init() throws { try self.init(copyOf: try Self.original.get().url) }

    /// Another one in the state of this one.
    package func copy() throws -> SmallWorld { try SmallWorld(copyOf: folder) }

    private init(copyOf source: URL) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("world-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: source, to: folder)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    package func run(
        _ arguments: String, kilobytes: Int? = nil, limits: WorkbenchProcess.Limits = .init(), output: String? = nil
    ) throws -> WorkbenchProcess.Result {
        try WorkbenchProcess.run(
            arguments.split(separator: " ").map(String.init), in: folder, kilobytes: kilobytes, limits: limits, output: output)
    }

    package func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    package func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
    package func read(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

    /// Cuts a file to its first half.
    package func cut(_ name: String) throws {
        let data = try read(name)
        try data.prefix(data.count / 2).write(to: folder.appendingPathComponent(name))
    }

    /// Inverts a byte, as a failing disk does.
    package func flip(_ name: String, fromEnd distance: Int) throws {
        var data = try read(name)
        data[data.count - distance] ^= 0xFF
        try data.write(to: folder.appendingPathComponent(name))
    }

    package func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }

    /// Changes fields of the session's `session.json`, and of its settings, as one does by hand: without its seal.
    package func changeSession(_ changes: [String: Any]) throws {
        var object = try JSONSerialization.jsonObject(with: read("session/session.json")) as? [String: Any] ?? [:]
        object["workbench.sha256"] = nil
        var settings = object["settings"] as? [String: Any] ?? [:]
        for (key, value) in changes { if settings[key] != nil { settings[key] = value } else { object[key] = value } }
        object["settings"] = settings
        try JSONSerialization.data(withJSONObject: object).write(to: folder.appendingPathComponent("session/session.json"))
    }

    /// Every file with its bytes, by path.
    package func contents(of name: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: path(name))
        return Dictionary(uniqueKeysWithValues: names.compactMap { file in (try? read("\(name)/\(file)")).map { (file, $0) } })
    }

    /// Files that a write left unfinished anywhere.
    package func unfinished() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains(".partial-") }
    }

    /// Lives as long as the process; removed at its end.
    private final class Original: Sendable {
        let url: URL

        private static var place: URL { FileManager.default.temporaryDirectory.appendingPathComponent("world-\(getpid())") }

        init() throws {
            url = Self.place
            try? FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            atexit { try? FileManager.default.removeItem(at: Original.place) }
            for (index, name) in ["a", "b"].enumerated() {
                let (ct, lungs) = Self.thorax(scale: 1 + 0.06 * Double(index))
                try NiftiFile.write(ct, to: url.appendingPathComponent("\(name).nii.gz"))
                try NiftiFile.write(lungs, to: url.appendingPathComponent("\(name).lungs.nii.gz"))
            }
            func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: url.appendingPathComponent(name)) }
            try write("subject,image,lungs\na,a.nii.gz,a.lungs.nii.gz\nb,b.nii.gz,b.lungs.nii.gz\n", "cohort.csv")
            try write("subject,subtype,x,y,z\na,cle,20,0,5\nb,cle,-20,0,5\na,healthy,20,0,-8\nb,healthy,-20,0,-8\n", "boxes.csv")
            for command in [
                "atlas --lungs a.lungs.nii.gz --out atlas", "prepare cohort.csv --atlas atlas --out prepared",
                "pretrain --cohort prepared --session session --set batch=2 --set experts=1 --steps 1 --headless",
                "finetune --session session --cohort prepared --boxes boxes.csv --subtype cle",
            ] {
                let result = try WorkbenchProcess.run(command.split(separator: " ").map(String.init), in: url)
                guard result.status == 0 else { throw Failure("\(command): \(result.errors)") }
            }
            try Self.forgetSkill(of: url.appendingPathComponent("session/classifiers/cle.safetensors"))
        }

        /// Four boxes on noise make no classifier of skill; this one shall make masks, as those of before skill was measured do.
        private static func forgetSkill(of classifier: URL) throws {
            let file = try Safetensors(contentsOf: classifier)
            var writer = SafetensorsWriter(metadata: file.metadata.filter { $0.key != "skill" })
            for name in ["readout.weight", "readout.bias"] {
                let values = try file.floats(name)
                writer.add(name, shape: [values.count], floats: values)
            }
            try writer.write(to: classifier)
        }

        /// Two ellipsoids of lung, the right one larger, in an ellipsoid of soft tissue; 2 mm.
        private static func thorax(scale: Double) -> (ct: Volume<Int16>, lungs: Volume<UInt8>) {
            let extent = Extent3(x: 56, y: 44, z: 48)
            let affine = Affine3(columnX: [2, 0, 0], columnY: [0, 2, 0], columnZ: [0, 0, 2], translation: [-55, -43, -47])
            var generator = SeededGenerator(5, UInt64(scale * 100))
            var ct = Volume<Int16>(extent: extent, voxelToWorld: affine, repeating: -1000)
            var lungs = Volume<UInt8>(extent: extent, voxelToWorld: affine, repeating: 0)
            func inside(_ p: Point3, _ centre: Double, _ axes: Point3) -> Bool {
                let q = Point3(p.x - centre, p.y, p.z) / axes
                return (q * q).sum() < 1
            }
            for z in 0..<extent.z {
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        let voxel = VoxelIndex(x: x, y: y, z: z)
                        let point = affine(voxel.point)
                        let noise = Int16(generator.below(61)) - 30
                        if inside(point, 0, Point3(50, 38, 60)) { ct[voxel] = 40 + noise } else { continue }
                        if inside(point, 22, Point3(17, 25, 32) * scale) {
                            lungs[voxel] = 1
                        } else if inside(point, -22, Point3(15, 24, 31) * scale) {
                            lungs[voxel] = 2
                        } else {
                            continue
                        }
                        ct[voxel] = -850 + noise
                    }
                }
            }
            return (ct, lungs)
        }
    }

    private static let original = Result { try Original() }
}
