import Cohorts
import Foundation
import Foundations

/// What is known of a prediction that goes on: the probabilities of the lattice points that are done. A value that parts are folded into, so
/// that a viewer, a test and a replay of the same parts see the same.
package struct PartialPrediction: Equatable, Sendable {
    package let subject: String
    /// In the order of the values.
    package let subtypes: [EmphysemaSubtype]
    /// The encoder, in words.
    package let model: String
    /// Of the finest lattice, mm.
    package let stride: Int
    /// Points along each axis.
    private let extent: Extent3
    /// Voxels of the CT → voxels of the 1 mm grid: permutes, flips and scales axes, never rotates.
    private let toMillimetres: Affine3
    /// `[subtype][point]`, 0…1; below 0: not known.
    private var values: [[Float]]
    package private(set) var done = 0
    package let total: Int

    private static let notYet: Float = -1
    private static let notNeeded: Float = -2

    /// Points that were classified since the last part.
    package struct Part: Codable, Equatable, Sendable {
        /// UInt32 each, little-endian.
        let points: Data
        /// For each subtype the points' Float32.
        let values: [Data]

        /// - Parameters:
        ///   - points: of the lattice.
        ///   - values: `[subtype][point]`.
        package init(points: [Int], values: [[Float]]) {
            self.points = points.map { UInt32($0).littleEndian }.withUnsafeBytes { Data($0) }
            self.values = values.map { numbers in numbers.withUnsafeBytes { Data($0) } }
        }
    }

    /// Nothing known yet.
    /// - Parameters:
    ///   - needed: the points that are going to be known.
    ///   - toMillimetres: voxels of the CT → voxels of the 1 mm grid.
    package init(
        subject: String, subtypes: [EmphysemaSubtype], model: String, lattice: DenseLattice, needed: [Int], toMillimetres: Affine3
    ) {
        self.subject = subject
        self.subtypes = subtypes
        self.model = model
        stride = lattice.stride
        extent = lattice.extent
        self.toMillimetres = toMillimetres
        var empty = [Float](repeating: Self.notNeeded, count: lattice.extent.count)
        for point in needed { empty[point] = Self.notYet }
        values = subtypes.map { _ in empty }
        total = needed.count
    }

    /// 0…1.
    package var fraction: Double { total > 0 ? Double(done) / Double(total) : 1 }

    /// Takes in what was classified; points beyond the lattice, as only a damaged file has them, are left out.
    package mutating func fold(_ part: Part) {
        guard part.values.count == values.count else { return }
        let points: [UInt32] = Self.numbers(part.points)
        for subtype in values.indices {
            let found: [Float] = Self.numbers(part.values[subtype])
            guard found.count == points.count else { return }
            for (point, value) in zip(points, found) where Int(point) < values[subtype].count && value >= 0 && value <= 1 {
                if subtype == 0, values[0][Int(point)] == Self.notYet { done += 1 }
                values[subtype][Int(point)] = value
            }
        }
    }

    private static func numbers<Number: BitwiseCopyable>(_ data: Data) -> [Number] {
        let size = MemoryLayout<Number>.size
        return data.withUnsafeBytes { bytes in
            (0..<bytes.count / size).map { bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self) }
        }
    }

    // MARK: looking

    /// The grid axis of the 1 mm image along an axis of the CT's grid.
    private func latticeAxis(of axis: Int) -> Int { Self.largest(toMillimetres[column: axis]) }

    package static func largest(_ v: Point3) -> Int { (0..<3).max { abs(v[$0]) < abs(v[$1]) } ?? 0 }

    /// Where a voxel of the CT lies along one axis, on each level of the lattice from the finest.
    package struct Place: Sendable {
        /// Offset of the point before it, and from there to the one behind it.
        fileprivate var offset: SIMD4<Int> = .zero
        fileprivate var step: SIMD4<Int> = .zero
        fileprivate var fraction: SIMD4<Float> = .zero
    }

    /// - Parameters:
    ///   - axis: of the CT's grid, 0, 1 or 2.
    ///   - index: of the voxel along it.
    package func place(axis: Int, index: Int) -> Place {
        let own = latticeAxis(of: axis)
        let pointStride = own == 0 ? 1 : own == 1 ? extent.x : extent.x * extent.y
        let last = Double((extent[own] - 1) * stride)
        let at = max(0, min(last, toMillimetres.translation[own] + toMillimetres[column: axis][own] * Double(index)))
        var place = Place()
        for (level, side) in PredictionOrder.levels(stride: stride).reversed().enumerated() {
            let points = side / stride
            let cell = min(Int(at) / side, max(0, (extent[own] - 2) / points))
            place.offset[level] = cell * points * pointStride
            // A coarse cell may reach beyond the lattice: there is no lung.
            place.step[level] = (cell + 1) * points < extent[own] ? points * pointStride : 0
            place.fraction[level] = Float((at - Double(cell * side)) / Double(side))
        }
        return place
    }

    /// Probabilities of a voxel inside the lungs, by trilinear interpolation on the finest lattice that is known about it.
    /// - Parameters:
    ///   - x, y, z: its places along the three axes of the CT, in any order.
    /// - Returns: for each subtype, in the order of `subtypes`; nil where nothing is known yet.
    package func probabilities(_ x: Place, _ y: Place, _ z: Place) -> SIMD2<Float>? {
        var level = 0
        var side = stride
        while side <= max(stride, 8) {
            if let found = interpolate(x, y, z, level) { return found }
            level += 1
            side *= 2
        }
        return nil
    }

    /// The same of a voxel of the CT.
    package func probabilities(at voxel: VoxelIndex) -> SIMD2<Float>? {
        probabilities(place(axis: 0, index: voxel.x), place(axis: 1, index: voxel.y), place(axis: 2, index: voxel.z))
    }

    private func interpolate(_ x: Place, _ y: Place, _ z: Place, _ level: Int) -> SIMD2<Float>? {
        let base = x.offset[level] + y.offset[level] + z.offset[level]
        var sum = SIMD2<Float>()
        var weights: Float = 0
        for corner in 0..<8 {
            let (dx, dy, dz) = (corner & 1, corner >> 1 & 1, corner >> 2)
            let point = base + dx * x.step[level] + dy * y.step[level] + dz * z.step[level]
            let first = values[0][point]
            if first == Self.notYet { return nil }
            guard first >= 0 else { continue }
            let weight =
                (dx == 1 ? x.fraction[level] : 1 - x.fraction[level]) * (dy == 1 ? y.fraction[level] : 1 - y.fraction[level])
                * (dz == 1 ? z.fraction[level] : 1 - z.fraction[level])
            sum += weight * SIMD2(first, values.count > 1 ? values[1][point] : 0)
            weights += weight
        }
        return weights > 0 ? sum / weights : nil
    }

    /// The finest stride at which a slice is known whole, mm; nil where it is at none.
    /// - Parameters:
    ///   - axis: of the CT's grid, across the slice.
    ///   - index: of the slice along it.
    package func strideReached(axis: Int, index: Int) -> Int? {
        let own = latticeAxis(of: axis)
        let at = toMillimetres.translation[own] + toMillimetres[column: axis][own] * Double(index)
        let (across, down) = (own == 0 ? 1 : 0, own == 2 ? 1 : 2)
        return PredictionOrder.levels(stride: stride).last { side in
            let points = side / stride
            let below = max(0, Int(at) / side * points)
            for plane in [below, below + points] where plane < extent[own] {
                for v in Swift.stride(from: 0, to: extent[down], by: points) {
                    for u in Swift.stride(from: 0, to: extent[across], by: points) {
                        var point = VoxelIndex(x: 0, y: 0, z: 0)
                        (point[own], point[across], point[down]) = (plane, u, v)
                        if values[0][extent.offset(point)] == Self.notYet { return false }
                    }
                }
            }
            return true
        }
    }
}

extension PartialPrediction: Codable {
    private enum Key: String, CodingKey { case subject, subtypes, model, stride, extent, toMillimetres, needed }

    /// As it began: without what was folded in.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(subject, forKey: .subject)
        try container.encode(subtypes, forKey: .subtypes)
        try container.encode(model, forKey: .model)
        try container.encode(stride, forKey: .stride)
        try container.encode(extent, forKey: .extent)
        try container.encode(toMillimetres.rowMajor, forKey: .toMillimetres)
        var bits = Data(repeating: 0, count: (extent.count + 7) / 8)
        for (point, value) in values[0].enumerated() where value != Self.notNeeded { bits[point / 8] |= 1 << UInt8(point % 8) }
        try container.encode(bits, forKey: .needed)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        subject = try container.decode(String.self, forKey: .subject)
        subtypes = try container.decode([EmphysemaSubtype].self, forKey: .subtypes)
        model = try container.decode(String.self, forKey: .model)
        stride = try container.decode(Int.self, forKey: .stride)
        extent = try container.decode(Extent3.self, forKey: .extent)
        let numbers = try container.decode([Double].self, forKey: .toMillimetres)
        let bits = try container.decode(Data.self, forKey: .needed)
        let (extent, stride) = (extent, stride)
        func damaged(_ key: Key, _ what: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: what)
        }
        guard (1...DenseLattice.blockSide).contains(stride) else { throw damaged(.stride, "stride \(stride)") }
        guard (0..<3).allSatisfy({ (2...4096).contains(extent[$0]) }), bits.count == (extent.count + 7) / 8 else {
            throw damaged(.extent, "extent \(extent), \(bits.count) bytes")
        }
        guard numbers.count == 16, numbers.allSatisfy({ abs($0) < 1e6 }) else { throw damaged(.toMillimetres, "\(numbers)") }
        guard (1...2).contains(subtypes.count) else { throw damaged(.subtypes, "\(subtypes.count) subtypes") }
        toMillimetres = Affine3(rowMajor: numbers)
        let empty = (0..<extent.count).map { bits[$0 / 8] & 1 << UInt8($0 % 8) == 0 ? Self.notNeeded : Self.notYet }
        values = subtypes.map { _ in empty }
        total = empty.count { $0 == Self.notYet }
    }
}
