import Foundations

/// A periodic block of smooth random numbers, mean 0 and variance about 1, read with trilinear interpolation: the grain of the parenchyma.
struct LungTexture: Sendable {
    private static let side = 64
    private let values: [Float]

    /// White noise on 64³ nodes, blurred by (1 2 1)/4 along each axis.
    init(_ random: inout SeededGenerator) {
        let side = Self.side
        let strides = [1, side, side * side]
        var block = (0..<side * side * side).map { _ in Float(random.uniform() - 0.5) }
        for axis in 0..<3 {
            let step = strides[axis]
            let source = block
            for index in block.indices {
                let place = index / step % side
                let before = place == 0 ? index + (side - 1) * step : index - step
                let after = place == side - 1 ? index - (side - 1) * step : index + step
                block[index] = (source[before] + 2 * source[index] + source[after]) / 4
            }
        }
        let variance = block.reduce(Float(0)) { $0 + $1 * $1 } / Float(block.count)
        let scale = 1 / variance.squareRoot()
        values = block.map { $0 * scale }
    }

    /// The value at (x, y, z), one node a unit.
    @inline(__always)
    func callAsFunction(_ x: Float, _ y: Float, _ z: Float) -> Float {
        let mask = Self.side - 1
        let floorX = x.rounded(.down)
        let floorY = y.rounded(.down)
        let floorZ = z.rounded(.down)
        let fx = x - floorX
        let fy = y - floorY
        let fz = z - floorZ
        let x0 = Int(floorX) & mask
        let x1 = (x0 + 1) & mask
        let y0 = (Int(floorY) & mask) << 6
        let y1 = (y0 + 64) & (mask << 6)
        let z0 = (Int(floorZ) & mask) << 12
        let z1 = (z0 + 4096) & (mask << 12)
        return values.withUnsafeBufferPointer { v in
            func line(_ row: Int) -> Float { v[row + x0] + (v[row + x1] - v[row + x0]) * fx }
            let near = line(z0 + y0) + (line(z0 + y1) - line(z0 + y0)) * fy
            let far = line(z1 + y0) + (line(z1 + y1) - line(z1 + y0)) * fy
            return near + (far - near) * fz
        }
    }
}
