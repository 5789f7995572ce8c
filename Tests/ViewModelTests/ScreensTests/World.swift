import Foundation
import Foundations
import Imaging
import Interface
import Screens
import SessionFormat
import TerminalKit

/// Small sessions, volumes and events to test with.
enum World {
    static let colour = Capabilities(colours: .palette, unicode: true)

    static func state(
        _ columns: Int = 80, _ rows: Int = 24, _ capabilities: Capabilities = colour, ownership: SessionOwnership = .thisProcess
    )
        -> WorkbenchState
    {
        var state = WorkbenchState(size: Size(columns: columns, rows: rows), capabilities: capabilities)
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "test", ownership: ownership), ViewSettings()))
        return state
    }

    /// The journal of a run of `steps` steps, one a tenth of a second, over `landmarks` landmarks.
    static func journal(steps: Int, of total: Int = 100, landmarks: Int = 4) -> [JournalEntry] {
        let run = RunStarted(
            task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: total, stepsPerEpoch: landmarks * 5, landmarks: landmarks)
        return [JournalEntry(t: 0, step: 0, event: .started(run))] + (0..<steps).map { step($0 + 1, landmarks: landmarks) }
    }

    static func step(_ step: Int, landmarks: Int = 4, loss: Double? = nil, lr: Double = 0.01) -> JournalEntry {
        let local = loss ?? 4 - Double(step) * 0.01
        let metrics = StepMetrics(
            loss: local + 1, local: local, neighbour: 1, acc1: 0.5, acc1_neighbour: 0.25, landmark: (step - 1) % landmarks, lr: lr,
            samples_per_s: 160,
            gradient_norm: 1.5, bank_fill: 0.5, data_wait_s: 0.001, embedding_sd: 0.08)
        return JournalEntry(t: Double(step) * 0.1, step: step, event: .step(metrics))
    }

    /// A thorax of a kind: body, two lungs (1 right, 2 left), some emphysema. Made in patient space, so that volumes of any axis order hold
    /// the same patient. The probability of centrilobular emphysema names the place: (index of the voxel) / count.
    static func subject(_ voxelToWorld: Affine3, _ extent: Extent3) -> SubjectVolumes {
        var ct = Volume<Int16>(extent: extent, voxelToWorld: voxelToWorld, repeating: -1000)
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: voxelToWorld, repeating: 0)
        var centrilobular = lungs
        var paraseptal = lungs
        var probability = Volume<Float>(extent: extent, voxelToWorld: voxelToWorld, repeating: 0)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                for x in 0..<extent.x {
                    let voxel = VoxelIndex(x: x, y: y, z: z)
                    let at = voxelToWorld(voxel.point)
                    probability[voxel] = Float(extent.offset(voxel)) / Float(extent.count)
                    guard (at.x / 44) * (at.x / 44) + (at.y / 34) * (at.y / 34) < 1 else { continue }
                    ct[voxel] = 40
                    let side = abs(at.x) - 20
                    guard (side / 15) * (side / 15) + (at.y / 25) * (at.y / 25) + (at.z / 30) * (at.z / 30) < 1 else { continue }
                    ct[voxel] = Int16(-850 + at.z.rounded())
                    lungs[voxel] = at.x > 0 ? 1 : 2
                    if at.z > 8, at.x > 0 { centrilobular[voxel] = 1 }
                    if at.z > 8, at.y > 5 { paraseptal[voxel] = 1 }
                }
            }
        }
        return SubjectVolumes(
            ct: ct, lungs: lungs,
            centrilobular: SubtypeVolumes(mask: centrilobular, probability: probability, model: "step-00000040", strideMillimetres: 4),
            paraseptal: SubtypeVolumes(mask: paraseptal, model: "step-00000040", strideMillimetres: 4))
    }

    /// Grids of the same patient: axes as in RAS, flipped as most CTs are (L-P-S), permuted, oblique, and left-handed.
    static let grids: [(name: String, voxelToWorld: Affine3, extent: Extent3)] = [
        ("RAS", Affine3(scale: [2, 2.5, 4], translation: [-48, -38, -32]), Extent3(x: 49, y: 31, z: 17)),
        ("LPS", Affine3(scale: [-2, -2.5, 4], translation: [48, 38, -32]), Extent3(x: 49, y: 31, z: 17)),
        (
            "SAL", Affine3(columnX: [0, 0, 4], columnY: [0, 2.5, 0], columnZ: [-2, 0, 0], translation: [48, -38, -32]),
            Extent3(x: 17, y: 31, z: 49)
        ),
        (
            "oblique LPS",
            Affine3(
                columnX: [-1.992, 0.17, 0.05], columnY: [-0.21, -2.48, 0.2], columnZ: [0.07, 0.3, 3.98], translation: [52, 30, -38]),
            Extent3(x: 49, y: 31, z: 17)
        ),
    ]

    static func loaded(_ grid: Int = 0, id: String = "s01") throws -> LoadedSubject {
        try LoadedSubject(id: id, subject(grids[grid].voxelToWorld, grids[grid].extent))
    }

    static func atlas() -> AtlasMap {
        let extent = Extent3(x: 80, y: 64, z: 70)
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: Affine3(scale: [-1, 1, 1], translation: [40, -32, -35]), repeating: 0)
        for z in 4..<66 {
            for y in 8..<56 {
                for x in 4..<76 where abs(x - 40) > 6 { lungs[VoxelIndex(x: x, y: y, z: z)] = x < 40 ? 1 : 2 }
            }
        }
        let landmarks = [
            VoxelIndex(x: 0, y: 0, z: 0), VoxelIndex(x: 0, y: 26, z: 26), VoxelIndex(x: 26, y: 0, z: 26), VoxelIndex(x: 26, y: 26, z: 0),
        ]
        return AtlasMap(lungs: lungs, landmarks: landmarks, neighbours: [[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]])
    }

    /// Two subjects of different axis order; the third cannot be read.
    struct Library: SubjectLibrary {
        func subjects() throws -> [SubjectEntry] {
            ["s01", "s02", "s03"].map { SubjectEntry(id: $0, image: URL(fileURLWithPath: "/nowhere/\($0).nii.gz")) }
        }

        func load(_ subject: SubjectEntry, isWanted: @Sendable () -> Bool = { true }) throws -> SubjectVolumes {
            guard subject.id != "s03" else { throw Failure("s03: the file is cut off") }
            let grid = World.grids[subject.id == "s01" ? 1 : 3]
            return World.subject(grid.voxelToWorld, grid.extent)
        }
    }

    /// A fresh folder with a journal; removed by the caller.
    static func session(_ entries: [JournalEntry]) throws -> SessionFolder {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("workbench-views-\(UInt64.random(in: 0 ... .max))")
        let folder = SessionFolder(root.appendingPathComponent("test", isDirectory: true))
        try FileManager.default.createDirectory(at: folder.root, withIntermediateDirectories: true)
        let writer = try JSONLinesWriter<JournalEntry>(folder.journal)
        for entry in entries { try writer.append(entry) }
        return folder
    }

    static func remove(_ folder: SessionFolder) { try? FileManager.default.removeItem(at: folder.root.deletingLastPathComponent()) }

    static func context(_ folder: SessionFolder, ownership: SessionOwnership = .nobody) -> SessionContext {
        SessionContext(folder: folder, library: Library(), atlas: { atlas() }, ownership: { ownership })
    }

    static func configuration(_ context: SessionContext) -> WorkbenchConfiguration {
        WorkbenchConfiguration(sessionsRoot: context.folder.root.deletingLastPathComponent(), session: context, open: { World.context($0) })
    }
}

extension WorkbenchState {
    /// Presses keys by name and returns all effects.
    mutating func press(_ names: String...) -> [Effect] {
        names.flatMap { name in reduce(.key(Key(name: name)!)) }
    }

    /// The text on the screen.
    var shown: String { ScreenFrame.render(self).text }
}
