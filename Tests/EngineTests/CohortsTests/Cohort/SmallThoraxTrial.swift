import Cohorts
import Foundation
import Foundations
import Imaging

/// A cohort of two synthetic chests that are small enough to be prepared in a moment, each with a lung mask; gone with the value.
final class SmallThoraxTrial {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thorax-\(UUID().uuidString)")
    var prepared: URL { folder.appendingPathComponent("p") }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 1...2 { try write(number) }
        try Data("subject,image,lungs\nthorax-1,1.nii.gz,1.lungs.nii.gz\nthorax-2,2.nii.gz,2.lungs.nii.gz\n".utf8).write(to: cohort)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private var cohort: URL { folder.appendingPathComponent("cohort.csv") }
    func scan(_ number: Int) -> URL { folder.appendingPathComponent("\(number).nii.gz") }

    /// Writes a chest and its lungs, the second a little larger.
    /// - Parameter height: of what is scanned, mm from below; 100 is all.
    func write(_ number: Int, upTo height: Double = 100) throws {
        let (ct, lungs) = Self.thorax(spacing: 3, size: number == 1 ? 1 : 1.1, height: height)
        try NiftiFile.write(ct, to: scan(number))
        try NiftiFile.write(lungs, to: folder.appendingPathComponent("\(number).lungs.nii.gz"))
    }

    /// Two lungs of about 150 mL together in soft tissue; the x axis grows to the patient's right.
    private static func thorax(spacing: Double, size: Double, height: Double) -> (Volume<Int16>, Volume<UInt8>) {
        let extent = Extent3(x: Int(130 / spacing), y: Int(90 / spacing), z: Int(height / spacing))
        let affine = Affine3(scale: [spacing, spacing, spacing], translation: [-65, -45, -50])
        var ct = Volume<Int16>(extent: extent, voxelToWorld: affine, repeating: 40)
        var lungs = Volume<UInt8>(extent: extent, voxelToWorld: affine, repeating: 0)
        ct.forEachVoxel { voxel, place in
            let at = affine(voxel.point)
            // The right lung is the larger one.
            let across = (abs(at.x) - 28) / (at.x > 0 ? 22 : 19)
            guard across * across + at.y * at.y / 900 + at.z * at.z / 1600 < size * size else { return }
            lungs.voxels[place] = at.x > 0 ? 1 : 2
        }
        for place in lungs.voxels.indices where lungs.voxels[place] != 0 { ct.voxels[place] = -850 + Int16(place % 13) }
        return (ct, lungs)
    }

    /// - Parameter place: where the atlas lies, mm.
    func prepare(atlasAt place: Point3 = .zero) throws -> Preparation.Report {
        let lungs = Self.thorax(spacing: 1, size: 1, height: 100).1
        var affine = lungs.voxelToWorld
        affine.translation += place
        let moved = Volume(extent: lungs.extent, voxelToWorld: affine, voxels: lungs.voxels)
        let atlas = try Atlas(lungs: moved, landmarks: Array(Atlas(lungs: moved).landmarks.prefix(2)))
        return try Preparation(
            manifest: try CohortManifest(contentsOf: cohort), atlas: atlas, folder: prepared, parallel: Parallel(threads: 2)
        ).run()
    }

    /// A subject's line of `quality.csv`, by column.
    func quality(_ subject: String) throws -> [String: String] {
        let table = try CSVTable(contentsOf: prepared.appendingPathComponent("quality.csv"))
        guard let row = table.rows.first(where: { $0.fields[0] == subject }) else { throw Failure("no \(subject)") }
        return Dictionary(uniqueKeysWithValues: zip(table.columns, row.fields))
    }
}
