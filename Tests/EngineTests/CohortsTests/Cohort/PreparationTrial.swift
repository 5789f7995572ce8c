import Cohorts
import Foundation
import Foundations
import Imaging

/// A folder with a phantom cohort of two, an atlas, and a third subject whose image is none; gone with the value.
final class PreparationTrial {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("preparation-\(UUID().uuidString)")
    let atlas: Atlas
    var cohort: URL { folder.appendingPathComponent("cohort.csv") }

    init(withBadSubject: Bool) throws {
        let phantom = ThoraxPhantom(size: .compact, seed: 5)
        _ = try PhantomCohort.write(phantom, subjects: 2, to: folder, parallel: .allProcessors) { _ in }
        atlas = try Atlas(lungs: try NiftiFile.readLabels(folder.appendingPathComponent("atlas.lungs.nii.gz")).mapVoxels { UInt8($0) })
        guard withBadSubject else { return }
        try Data("not an image".utf8).write(to: folder.appendingPathComponent("bad.nii.gz"))
        let commas = String(repeating: ",", count: PhantomLabels.names.count)
        var lines = try String(contentsOf: cohort, encoding: .utf8).split(separator: "\n").map(String.init)
        lines.insert("bad,bad.nii.gz" + commas, at: 2)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: cohort)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func preparation(
        _ name: String, threads: Int = 2, atlas other: Atlas? = nil, settings: PreparationSettings = .init(),
        memory: MemoryBudget = .ofThisMachine
    ) throws -> Preparation {
        Preparation(
            manifest: try CohortManifest(contentsOf: cohort), atlas: other ?? atlas, folder: folder.appendingPathComponent(name),
            settings: settings, memory: memory, parallel: Parallel(threads: threads))
    }

    /// The second subject's scan ends in the middle of its lungs.
    func cutOffSecond() throws {
        let file = folder.appendingPathComponent("phantom-002.ct.nii.gz")
        let ct = try NiftiFile.readCT(file)
        guard let toPatient = Orientation(from: ct.voxelToWorld, to: "LPS") else { throw Failure("no axes") }
        let patient = ct.reoriented(toPatient, parallel: .allProcessors)
        let plane = patient.extent.x * patient.extent.y
        let from = patient.extent.z / 2
        var affine = patient.voxelToWorld
        affine.translation = patient.voxelToWorld([0, 0, Double(from)])
        try NiftiFile.write(
            Volume(
                extent: Extent3(x: patient.extent.x, y: patient.extent.y, z: patient.extent.z - from), voxelToWorld: affine,
                voxels: Array(patient.voxels[(from * plane)...])), to: file)
    }

    func patches(_ name: String) throws -> [Data] {
        try atlas.landmarks.indices.map {
            try Data(contentsOf: folder.appendingPathComponent(String(format: "%@/patches/landmark-%04d.bin", name, $0)))
        }
    }
}
