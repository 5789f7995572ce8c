import Foundations

/// A row of one grid as it runs through another: place = start + step · x.
struct GridRow {
    /// The first voxel of the row, and the way to the next, in the other grid's continuous coordinates.
    let start, step: Point3

    /// - Parameter map: voxels of the row's grid → coordinates of the other grid.
    init(_ map: Affine3, y: Int, z: Int) {
        start = map.columnY * Double(y) + map.columnZ * Double(z) + map.translation
        step = map.columnX
    }

    /// The voxels of 0 ..< count whose places lie within `first` ... `last` on every axis.
    func range(within first: Point3, _ last: Point3, count: Int) -> Range<Int> {
        var lower = 0.0
        var upper = Double(count - 1)
        for axis in 0..<3 {
            if abs(step[axis]) < 1e-12 {
                if start[axis] < first[axis] || start[axis] > last[axis] { return 0..<0 }
            } else {
                let (a, b) = ((first[axis] - start[axis]) / step[axis], (last[axis] - start[axis]) / step[axis])
                lower = max(lower, min(a, b))
                upper = min(upper, max(a, b))
            }
        }
        guard lower <= upper else { return 0..<0 }
        let begin = Int(lower.rounded(.up))
        return begin..<max(begin, Int(upper.rounded(.down)) + 1)
    }
}
