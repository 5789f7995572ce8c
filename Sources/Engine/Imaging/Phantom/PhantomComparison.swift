import Foundation
import Foundations

/// Phantom and real emphysema side by side: HU of 31×31 patches, class by class.
package struct PhantomComparison: Codable, Equatable, Sendable {
    /// The classes of the real patches, in the order of their labels.
    package enum PatchClass: Int, Codable, CaseIterable, Sendable {
        case normal, paraseptal, panlobular, mild, moderate, severe

        package var name: String {
            switch self {
            case .normal: "normal"
            case .paraseptal: "paraseptal"
            case .panlobular: "panlobular"
            case .mild: "centrilobular, mild"
            case .moderate: "centrilobular, moderate"
            case .severe: "centrilobular, severe"
            }
        }
    }

    /// One class; the phantom has no panlobular emphysema.
    package struct Row: Codable, Equatable, Sendable {
        package var name: String
        package var real: PatchStatistics
        package var phantom: PatchStatistics?
    }

    package var rows: [Row]

    private static let side = 31
    private static let patchesPerSubject = 40

    /// - Parameters:
    ///   - real: safetensors file with `patches` Int16 [n, 31, 31] (HU) and `labels` Int32 [n] (`PatchClass`).
    ///   - subjects: phantoms to sample.
    /// - Throws: `Failure` where the file is not of that kind.
    package init(real file: URL, phantom: ThoraxPhantom, subjects: Int, parallel: Parallel) throws {
        let tensors = try Safetensors(contentsOf: file)
        let labels = try tensors.integers("labels")
        let values = try tensors.integers("patches")
        let pixels = Self.side * Self.side
        guard values.count == labels.count * pixels, let lowest = labels.min(), let highest = labels.max(), lowest >= 0, highest <= 5 else {
            throw Failure(
                "\(file.path): expected patches of \(Self.side)×\(Self.side) HU and one label of 0 … 5 for each; found \(values.count) values, \(labels.count) labels"
            )
        }
        var found = [[Int16]](repeating: [], count: PatchClass.allCases.count)
        for sample in parallel.map(subjects, { Self.sample(phantom, index: $0) }) {
            for (index, pixels) in sample.enumerated() { found[index] += pixels }
        }
        rows = PatchClass.allCases.map { kind in
            let members = labels.indices.filter { labels[$0] == kind.rawValue }
            let real = members.flatMap { values[$0 * pixels..<($0 + 1) * pixels].map { Int16(clamping: $0) } }
            let sampled = found[kind.rawValue]
            return Row(
                name: kind.name, real: PatchStatistics(real, patches: members.count),
                phantom: sampled.isEmpty ? nil : PatchStatistics(sampled, patches: sampled.count / pixels))
        }
    }

    /// Axial patches of one subject, by class, at seeded places.
    private static func sample(_ phantom: ThoraxPhantom, index: Int) -> [[Int16]] {
        let subject = phantom.subject(index, parallel: Parallel(threads: 1))
        let scan = subject.scan
        var random = SeededGenerator(phantom.seed, .comparedPatches, UInt64(index))
        // The stored axis that runs along the patient is left out: real patches are axial.
        let columns = (0..<3).map { scan.image.voxelToWorld[column: $0] }
        let along = (0..<3).max { abs(columns[$0].z / length(columns[$0])) < abs(columns[$1].z / length(columns[$1])) } ?? 2
        let (first, second) = (along == 0 ? 1 : 0, along == 2 ? 1 : 2)
        let half = side / 2
        var found = [[Int16]](repeating: [], count: PatchClass.allCases.count)
        var taken = [Int](repeating: 0, count: found.count)
        for _ in 0..<60_000 {
            var centre = VoxelIndex(x: 0, y: 0, z: 0)
            for axis in 0..<3 {
                let margin = axis == along ? 0 : half
                guard scan.image.extent[axis] > 2 * margin else { return found }
                centre[axis] = margin + random.below(scan.image.extent[axis] - 2 * margin)
            }
            guard scan.lungs[centre] != 0 else { continue }
            var counts = (lung: 0, foci: 0, cysts: 0)
            var pixels: [Int16] = []
            for a in -half...half {
                for b in -half...half {
                    var voxel = centre
                    voxel[first] += a
                    voxel[second] += b
                    pixels.append(scan.image[voxel])
                    if scan.lungs[voxel] != 0 { counts.lung += 1 }
                    if scan.centrilobular[voxel] != 0 { counts.foci += 1 }
                    if scan.paraseptal[voxel] != 0 { counts.cysts += 1 }
                }
            }
            let area = Double(side * side)
            guard let kind = kind(lung: Double(counts.lung) / area, foci: Double(counts.foci) / area, cysts: Double(counts.cysts) / area)
            else {
                continue
            }
            guard taken[kind.rawValue] < patchesPerSubject else { continue }
            taken[kind.rawValue] += 1
            found[kind.rawValue] += pixels
        }
        return found
    }

    /// What an expert would call a patch, from the fractions of its area; nil for what none would choose.
    private static func kind(lung: Double, foci: Double, cysts: Double) -> PatchClass? {
        if cysts > 0.2, foci < 0.1, lung > 0.3 { return .paraseptal }
        guard lung > 0.97, cysts == 0 else { return nil }
        if foci == 0 { return .normal }
        return foci > 0.68 ? .severe : foci > 0.2 ? .moderate : foci > 0.05 ? .mild : nil
    }
}
