import Foundations
import TerminalKit

/// Mean and standard deviation of HU in a round region of a slice about the cross-hair: voxels whose centres lie in it.
struct RegionStatistics: Equatable {
    let count: Int
    let mean: Double
    /// With n - 1; nil for a single voxel.
    let deviation: Double?

    /// - Parameter diameter: mm.
    init(_ subject: LoadedSubject, _ cursor: VoxelIndex, _ plane: SlicePlane, diameter: Double) {
        let axes = subject.axes
        let (across, along) = (axes.spacing[plane.horizontal.rawValue], axes.spacing[plane.vertical.rawValue])
        let radius = diameter / 2
        let (h, v) = (axes.position(cursor, plane.horizontal), axes.position(cursor, plane.vertical))
        let (reachH, reachV) = (Int(radius / across), Int(radius / along))
        var values: [Double] = []
        for dv in -reachV...reachV {
            for dh in -reachH...reachH {
                let (x, y) = (Double(dh) * across, Double(dv) * along)
                guard x * x + y * y <= radius * radius, (0..<axes.count(plane.horizontal)).contains(h + dh),
                    (0..<axes.count(plane.vertical)).contains(v + dv)
                else { continue }
                let voxel = axes.moving(axes.moving(cursor, plane.horizontal, to: h + dh), plane.vertical, to: v + dv)
                values.append(Double(subject.volumes.ct[voxel]))
            }
        }
        count = values.count
        mean = values.reduce(0, +) / Double(max(1, values.count))
        let middle = mean
        let squares = values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    }

    /// For example `region 10 mm: mean -923 HU, SD 21, 78 voxels`.
    func words(diameter: Double) -> String {
        let spread = deviation.map { ", SD \(Text.fixed($0, 0))" } ?? ""
        return "region \(Text.significant(diameter)) mm: mean \(Text.fixed(mean, 0)) HU\(spread), \(count) voxel\(count == 1 ? "" : "s")"
    }
}
