import Foundation
import Foundations
import Imaging

/// An atlas on disk: `mask.nii.gz`, `landmarks.csv` (index, x, y, z of each lower corner, atlas voxels) and `neighbours.csv` (the nearest
/// other landmarks of each); `image.nii.gz`, the subject's CT on the mask's grid, may be there for viewing.
package enum AtlasFolder {
    /// How many neighbours of each landmark the folder lists; the order of the rest follows from the landmarks.
    private static let listedNeighbours = 3

    /// How an atlas's folder is recognised, and what in it is its own.
    package static let kept = KeptFolder(
        title: "the atlas", marks: ["neighbours.csv"], own: ["mask.nii.gz", "landmarks.csv", "neighbours.csv", "image.nii.gz"],
        rewrites: true)

    /// Writes the folder: all its files, or none.
    /// - Parameter ct: the atlas subject's CT, kept on the mask's grid for viewing.
    package static func write(_ atlas: Atlas, image ct: Volume<Int16>? = nil, to folder: URL, parallel: Parallel = .allProcessors) throws {
        let landmarkRows = atlas.landmarks.enumerated().map { index, corner in ["\(index)", "\(corner.x)", "\(corner.y)", "\(corner.z)"] }
        let listed = min(listedNeighbours, atlas.landmarks.count - 1)
        let neighbourRows = atlas.neighbours.enumerated().map { index, order in ([index] + order.prefix(listed)).map(String.init) }
        let names = (0..<listed).map { "neighbour\($0 + 1)" }
        let tables = [
            (CSVTable.text(columns: ["index", "x", "y", "z"], rows: landmarkRows), landmarks(folder)),
            (CSVTable.text(columns: ["index"] + names, rows: neighbourRows), neighbours(folder)),
        ]
        let onGrid = try ct.map {
            try Resampler.linear($0, onto: atlas.lungs.extent, voxelToWorld: atlas.lungs.voxelToWorld, parallel: parallel)
        }
        let targets = tables.map(\.1) + (onGrid == nil ? [] : [image(folder)]) + [mask(folder)]
        try AtomicFile.replace(targets) { places in
            for (place, (text, target)) in zip(places, tables) { try AtomicFile.writeNew(Data(text.utf8), to: place, called: target) }
            if let onGrid { try NiftiFile.writeNew(onGrid, to: places[tables.count], called: image(folder)) }
            try NiftiFile.writeNew(atlas.lungs, to: places[places.count - 1], called: mask(folder))
        }
        // The CT of an atlas that was here before.
        if onGrid == nil { unlink(image(folder).path) }
    }

    /// The atlas subject's CT on the mask's grid, HU; nil where the folder has none.
    package static func readImage(_ folder: URL) throws -> Volume<Int16>? {
        FileManager.default.fileExists(atPath: image(folder).path) ? try NiftiFile.readCT(image(folder)) : nil
    }

    /// Reads and validates a folder.
    /// - Throws: `Failure` where a file is missing or damaged, the mask is none of 1 mm lungs, the landmarks are not numbered 0, 1, … or do not
    ///   fit the mask, or the neighbours are not those of the landmarks.
    package static func read(_ folder: URL) throws -> Atlas {
        guard FileManager.default.fileExists(atPath: mask(folder).path) else {
            throw Failure("\(folder.path) is no atlas folder: it has no mask.nii.gz; make one with `workbench atlas`")
        }
        let lungs = try LungMask.readKept(mask(folder), advice: "make the atlas with `workbench atlas`")
        let atlas = try Atlas(lungs: lungs, landmarks: try readLandmarks(landmarks(folder)))
        try checkNeighbours(of: atlas, in: neighbours(folder))
        return atlas
    }

    static func image(_ folder: URL) -> URL { folder.appendingPathComponent("image.nii.gz") }
    static func mask(_ folder: URL) -> URL { folder.appendingPathComponent("mask.nii.gz") }
    static func landmarks(_ folder: URL) -> URL { folder.appendingPathComponent("landmarks.csv") }
    static func neighbours(_ folder: URL) -> URL { folder.appendingPathComponent("neighbours.csv") }

    private static func readLandmarks(_ file: URL) throws -> [VoxelIndex] {
        let table = try CSVTable(contentsOf: file)
        let columns = try ["index", "x", "y", "z"].map(table.column)
        return try table.rows.enumerated().map { position, row in
            let numbers = columns.compactMap { Int(row.fields[$0]) }
            guard numbers.count == 4, numbers[0] == position else {
                throw Failure(
                    "\(file.path), line \(row.line): expected \(position) and three whole numbers, found \(row.fields.joined(separator: ","))"
                )
            }
            return VoxelIndex(x: numbers[1], y: numbers[2], z: numbers[3])
        }
    }

    private static func checkNeighbours(of atlas: Atlas, in file: URL) throws {
        let table = try CSVTable(contentsOf: file)
        guard table.rows.count == atlas.landmarks.count else {
            throw Failure(
                "\(file.path) lists \(table.rows.count) landmarks, expected \(atlas.landmarks.count) as in landmarks.csv; make the atlas again"
            )
        }
        for (index, row) in table.rows.enumerated() {
            let expected = [index] + atlas.neighbours[index].prefix(row.fields.count - 1)
            guard row.fields.map({ Int($0) }) == expected else {
                throw Failure(
                    "\(file.path), line \(row.line): found \(row.fields.joined(separator: ",")), expected \(expected.map(String.init).joined(separator: ",")) from landmarks.csv; make the atlas again"
                )
            }
        }
    }
}
