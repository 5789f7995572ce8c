import Foundation
import Foundations

/// Lung masks given by the user, in whatever labels their maker chose.
package enum LungMask {
    /// What the header of a mask of our own says. Only there 3 and 4 are known to be no lung: other makers' 3 may be a lobe or a lung.
    package static let fileDescription = "workbench lungs: 1 right, 2 left, 3 may not be lung, 4 airway"

    /// A label map for `normalise`; of a mask that `workbench lungs` wrote, what is lung.
    package static func readLabels(_ file: URL) throws -> Volume<Int16> {
        let labels = try NiftiFile.readLabels(file)
        guard try NiftiFile.readHeader(file).description == fileDescription else { return labels }
        return labels.mapVoxels { $0 == Int16(LungLabel.doubtful) || $0 == Int16(LungLabel.airway) ? 0 : $0 }
    }

    /// A mask as the workbench keeps it: 0 outside, 1 right, 2 left, and whatever else is asked for.
    /// - Parameters:
    ///   - most: the highest label that it may hold.
    ///   - advice: what to do where it is damaged.
    /// - Throws: `Failure` that names the file, where it cannot be read or holds other values.
    package static func readKept(_ file: URL, most: UInt8 = 2, advice: String) throws -> Volume<UInt8> {
        let found = try NiftiFile.readLabels(file)
        if let strange = found.voxels.first(where: { !(0...Int16(most)).contains($0) }) {
            throw Failure("\(file.path) holds the label \(strange), expected 0 to \(most): \(advice)")
        }
        return found.mapVoxels { UInt8($0) }
    }

    /// Brings a label map to 0 outside, 1 patient's right lung, 2 left.
    ///
    /// Accepted: one label for both lungs, two labels (1/2, 2/3, 20/30, 50/100 …), or lobes and other parts. Which lung a part belongs to is
    /// decided by where it lies in the patient, never by its number; parts that hold both lungs are taken apart, and airways
    /// (512 in label maps of the Chest Imaging Platform) are left out.
    /// - Parameter ct: the image that the mask must belong to; nil where there is none.
    /// - Throws: if the mask is empty, of another grid than the image, or does not fall into two lungs.
    package static func normalise(
        labels given: Volume<Int16>, matching ct: Volume<Int16>? = nil, parallel: Parallel
    ) throws -> Volume<UInt8> {
        if let ct, !given.sharesGrid(with: ct) {
            let distance = given.extent.farthestCorner(given.voxelToWorld, ct.voxelToWorld)
            let apart = given.extent == ct.extent ? "they lie up to \(String(format: "%.3g", distance)) mm apart" : "their sizes differ"
            throw Failure(
                "the lung mask is on another grid than the image, \(apart): \(describe(given.extent, given.voxelToWorld)) against "
                    + "\(describe(ct.extent, ct.voxelToWorld)); make it on the image's own grid")
        }
        // Where a header was rounded, the image's own grid is the true one.
        let labels = Volume(extent: given.extent, voxelToWorld: (ct?.voxelToWorld ?? given.voxelToWorld), voxels: given.voxels)
        guard labels.voxels.allSatisfy({ $0 >= 0 }) else {
            throw Failure("the lung mask holds negative values: it looks like an image, expected labels")
        }
        let parts = LabelledPart.all(in: labels)
        guard parts.count <= mostLabels else {
            throw Failure(
                "the lung mask holds \(parts.count) different values: it looks like an image, expected at most \(mostLabels) labels")
        }
        guard !parts.isEmpty else { throw Failure("the lung mask is empty: every voxel is 0") }
        if let sides = LabelledPart.sides(of: parts) { return labels.mapVoxels { $0 == 0 ? 0 : sides[Int($0)] } }
        return try splitBySpace(labels, parallel: parallel)
    }

    /// Label maps of lobes, segments and lesions have dozens of labels; images have hundreds of values.
    private static let mostLabels = 256

    /// One label for both lungs: its two large connected parts, each by where it lies; small parts go to the side they lie on. Lungs that touch
    /// are parted where the bridge is thinnest.
    private static func splitBySpace(_ labels: Volume<Int16>, parallel: Parallel) throws -> Volume<UInt8> {
        let mask = labels.mapVoxels { $0 != 0 && !LabelledPart.airwayLabels.contains($0) ? UInt8(1) : 0 }
        let components = ConnectedComponents(of: mask.voxels, extent: mask.extent) { $0 != 0 }
        guard components.count >= 2, components.sizes[2] * 20 >= components.sizes[1] else {
            guard
                let parts = FusedLungs.part(
                    mask.voxels, extent: mask.extent, voxelToWorld: mask.voxelToWorld, parallel: parallel)
            else {
                throw Failure(
                    "the lung mask does not fall into two lungs, so right and left cannot be told; give it two labels, 1 right and 2 left")
            }
            return Volume(extent: mask.extent, voxelToWorld: mask.voxelToWorld, voxels: parts)
        }
        var sums = [Point3](repeating: .zero, count: components.count + 1)
        mask.forEachVoxel { voxel, index in
            let label = Int(components.labels[index])
            if label > 0 { sums[label] += mask.voxelToWorld(voxel.point) }
        }
        let centres = sums.indices.map { $0 == 0 ? 0 : sums[$0].x / Double(components.sizes[$0]) }
        let midline = (centres[1] + centres[2]) / 2
        return Volume(
            extent: mask.extent, voxelToWorld: mask.voxelToWorld,
            voxels: components.labels.map { $0 == 0 ? 0 : centres[Int($0)] > midline ? 1 : 2 })
    }

    private static func describe(_ extent: Extent3, _ affine: Affine3) -> String {
        func millimetres(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
        let spacing = (0..<3).map { millimetres(length(affine[column: $0])) }.joined(separator: "×")
        let origin = (0..<3).map { millimetres(affine.translation[$0]) }.joined(separator: ", ")
        return "\(extent) voxels of \(spacing) mm from (\(origin))"
    }
}

/// One label's voxels: how many, and where in the patient.
private struct LabelledPart {
    /// The Chest Imaging Platform's airway; left out.
    static let airwayLabels: Set<Int16> = [512]

    let label: Int16
    let count: Int
    /// RAS+ mm.
    let centre: Point3
    /// Extreme x of its voxels, mm.
    let lowestX, highestX: Double

    /// The lung labels of a map, by falling size.
    static func all(in labels: Volume<Int16>) -> [LabelledPart] {
        var counts = [Int](repeating: 0, count: Int(Int16.max) + 1)
        var sums = [Point3](repeating: .zero, count: counts.count)
        var lowest = [Double](repeating: .infinity, count: counts.count)
        var highest = [Double](repeating: -.infinity, count: counts.count)
        labels.forEachVoxel { voxel, index in
            let label = Int(labels.voxels[index])
            guard label > 0 else { return }
            let point = labels.voxelToWorld(voxel.point)
            counts[label] += 1
            sums[label] += point
            lowest[label] = min(lowest[label], point.x)
            highest[label] = max(highest[label], point.x)
        }
        return counts.indices.filter { counts[$0] > 0 && !airwayLabels.contains(Int16($0)) }
            .map {
                LabelledPart(
                    label: Int16($0), count: counts[$0], centre: sums[$0] / Double(counts[$0]), lowestX: lowest[$0], highestX: highest[$0])
            }
            .sorted { ($0.count, $1.label) > ($1.count, $0.label) }
    }

    /// For each label 1 (right) or 2 (left), 0 for others; nil where a part lies astride, so that labels do not tell the sides.
    static func sides(of parts: [LabelledPart]) -> [UInt8]? {
        let large = parts.filter { $0.count * 20 > parts.map(\.count).reduce(0, +) }
        let middle: Double
        if large.count == 2 {
            // One lung each if side by side, even in a patient who lies askew.
            let apart = large[0].centre - large[1].centre
            guard abs(apart.x) > 0.5 * length(apart) else { return nil }
            middle = (large[0].centre.x + large[1].centre.x) / 2
        } else {
            // Between the outermost points of both lungs; a large part centred there holds both.
            guard let lowest = parts.map(\.lowestX).min(), let highest = parts.map(\.highestX).max() else { return nil }
            middle = (lowest + highest) / 2
            guard large.allSatisfy({ abs($0.centre.x - middle) > 0.08 * (highest - lowest) }) else { return nil }
        }
        var sides = [UInt8](repeating: 0, count: Int(Int16.max) + 1)
        for part in parts { sides[Int(part.label)] = part.centre.x > middle ? 1 : 2 }
        return sides.contains(1) && sides.contains(2) ? sides : nil
    }
}

extension Volume {
    /// Calls `body` with each voxel's index and storage place, in storage order.
    @inline(__always)
    package func forEachVoxel(_ body: (VoxelIndex, Int) -> Void) {
        var place = 0
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                for x in 0..<extent.x {
                    body(VoxelIndex(x: x, y: y, z: z), place)
                    place += 1
                }
            }
        }
    }
}
