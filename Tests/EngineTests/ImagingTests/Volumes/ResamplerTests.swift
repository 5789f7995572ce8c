import Foundation
import Foundations
import Imaging
import Testing

@Suite("Orientation, resampling, windows")
struct ResamplerTests {
    private let parallel = Parallel(threads: 2)

    private func noise(_ extent: Extent3, _ affine: Affine3) -> Volume<Int16> {
        var generator = SeededGenerator(name: "noise")
        return Volume(extent: extent, voxelToWorld: affine, voxels: (0..<extent.count).map { _ in Int16(generator.below(2000) - 1024) })
    }

    // MARK: Orientation

    /// A little oblique: x grows to Inferior, y to Right, z to Posterior.
    private static let turned = Affine3(
        columnX: [0.05, 0.1, -0.7], columnY: [0.9, -0.05, 0.02], columnZ: [0.1, -2, -0.1], translation: [30, -40, 1500])

    @Test("axes are named by where they grow to")
    func names() throws {
        #expect(Orientation.name(of: Self.turned) == "IRP")
        #expect(Orientation.name(of: Affine3(scale: [-1, -1, 1])) == "LPS")
        #expect(Orientation(from: .identity, to: "LLS") == nil)
        #expect(Orientation(from: .identity, to: "LAZ") == nil)
        #expect(try #require(Orientation(from: .identity, to: "RAS")).isIdentity)
    }

    @Test("every voxel keeps its place and its value", arguments: ["LAS", "RAS", "SPL", "AIR", "IRP"])
    func reorientKeepsPlaces(name: String) throws {
        let volume = noise(Extent3(x: 4, y: 5, z: 6), Self.turned)
        let result = volume.reoriented(try #require(Orientation(from: volume.voxelToWorld, to: name)), parallel: parallel)
        #expect(Orientation.name(of: result.voxelToWorld) == name)
        let toSource = try #require(volume.voxelToWorld.inverse) * result.voxelToWorld
        for z in 0..<result.extent.z {
            for y in 0..<result.extent.y {
                for x in 0..<result.extent.x {
                    let voxel = VoxelIndex(x: x, y: y, z: z)
                    let place = toSource(voxel.point)
                    let source = VoxelIndex(nearestTo: place)
                    #expect(length(place - source.point) < 1e-9)
                    #expect(result[voxel] == volume[source])
                }
            }
        }
        #expect(result.reoriented(like: volume.voxelToWorld, parallel: parallel).sharesGrid(with: volume))
    }

    // MARK: The 1 mm grid

    @Test("extent and first voxel of the 1 mm grid; single-precision spacings cost no sample")
    func gridSize() {
        let spacing = Point3(Double(Float(0.7)), 2 - 1e-8, 1)
        let grid = MillimetreGrid(of: noise(Extent3(x: 11, y: 4, z: 5), Affine3(scale: spacing, translation: [5, 6, 7])))
        #expect(grid.extent == Extent3(x: 8, y: 7, z: 5))
        #expect(grid.voxelToWorld == Affine3(scale: [1, 1, 1], translation: [5, 6, 7]))
    }

    @Test("the fast spline equals a direct evaluation on an odd-sized oblique grid")
    func splineAgainstNaive() {
        let affine = Affine3(columnX: [0, 0.7, 0], columnY: [-1.3, 0, 0], columnZ: [0, 0, 2.5], translation: [1, 2, 3])
        let volume = noise(Extent3(x: 29, y: 19, z: 7), affine)
        let fast = Resampler.toMillimetres(volume, parallel: parallel)
        #expect(fast.extent == Extent3(x: 20, y: 24, z: 16))
        // Whole HU: one unit where single precision rounds the other way.
        for (value, expected) in zip(fast.voxels, naiveSpline(volume, onto: fast.extent, spacing: [0.7, 1.3, 2.5])) {
            #expect(abs(Double(value) - expected) <= 0.5 + 2e-3)
        }
    }

    @Test("1 mm input comes back unchanged, any number of threads gives the same voxels")
    func splineIdentityAndThreads() {
        let volume = noise(Extent3(x: 18, y: 17, z: 5), .identity)
        #expect(Resampler.toMillimetres(volume, parallel: parallel) == volume)
        let coarse = noise(Extent3(x: 40, y: 33, z: 9), Affine3(scale: [0.8, 0.8, 2]))
        #expect(
            Resampler.toMillimetres(coarse, parallel: .init(threads: 1)) == Resampler.toMillimetres(coarse, parallel: .init(threads: 3)))
    }

    @Test("a uniform image stays uniform")
    func uniformImage() {
        let volume = Volume<Int16>(extent: Extent3(x: 56, y: 56, z: 50), voxelToWorld: Affine3(scale: [1.4, 1.4, 2]), repeating: -800)
        #expect(Resampler.toMillimetres(volume, parallel: parallel).voxels.allSatisfy { $0 == -800 })
    }

    /// Coefficients by solving the interpolation equations in double precision, values by summing B-splines over the whole line.
    private func naiveSpline(_ volume: Volume<Int16>, onto extent: Extent3, spacing: [Double]) -> [Double] {
        var values = volume.voxels.map(Double.init)
        var size = volume.extent
        for axis in 0..<3 {
            var newSize = size
            newSize[axis] = extent[axis]
            var result = [Double](repeating: 0, count: newSize.count)
            for line in 0..<(size.count / size[axis]) {
                func offset(_ size: Extent3, _ k: Int) -> Int {
                    let width = axis == 0 ? size.y : size.x
                    let (low, high) = (line % width, line / width)
                    return switch axis {
                    case 0: size.offset(VoxelIndex(x: k, y: low, z: high))
                    case 1: size.offset(VoxelIndex(x: low, y: k, z: high))
                    default: size.offset(VoxelIndex(x: low, y: high, z: k))
                    }
                }
                let coefficients = solve((0..<size[axis]).map { values[offset(size, $0)] })
                for k in 0..<extent[axis] {
                    let position = Double(k) / spacing[axis]
                    let last = coefficients.count - 1
                    var sum = 0.0
                    for index in -2...(last + 2) {
                        let mirrored = index < 0 ? -index : index > last ? 2 * last - index : index
                        sum += coefficients[mirrored] * basis(position - Double(index))
                    }
                    result[offset(newSize, k)] = sum
                }
            }
            values = result
            size = newSize
        }
        return values
    }

    /// Solves c[k-1]/6 + 4c[k]/6 + c[k+1]/6 = s[k] with mirrored ends (Thomas algorithm).
    private func solve(_ samples: [Double]) -> [Double] {
        let n = samples.count
        var upper = [Double](repeating: 1.0 / 6, count: n)
        upper[0] = 2.0 / 6
        var lower = [Double](repeating: 1.0 / 6, count: n)
        lower[n - 1] = 2.0 / 6
        var diagonal = [Double](repeating: 4.0 / 6, count: n)
        var right = samples
        for k in 1..<n {
            let factor = lower[k] / diagonal[k - 1]
            diagonal[k] -= factor * upper[k - 1]
            right[k] -= factor * right[k - 1]
        }
        right[n - 1] /= diagonal[n - 1]
        for k in stride(from: n - 2, through: 0, by: -1) { right[k] = (right[k] - upper[k] * right[k + 1]) / diagonal[k] }
        return right
    }

    private func basis(_ t: Double) -> Double {
        let x = abs(t)
        return x < 1 ? 2.0 / 3 - x * x + x * x * x / 2 : x < 2 ? (2 - x) * (2 - x) * (2 - x) / 6 : 0
    }

    @Test("labels on the 1 mm grid are the nearest voxel's")
    func labelGrid() {
        let labels = Volume<UInt8>(
            extent: Extent3(x: 3, y: 2, z: 2), voxelToWorld: Affine3(scale: [2, 1, 1]), voxels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        let result = Resampler.labelsToMillimetres(labels, parallel: parallel)
        #expect(result.extent == Extent3(x: 5, y: 2, z: 2))
        #expect(Array(result.voxels.prefix(5)) == [1, 2, 2, 3, 3])
    }

    // MARK: Any grid

    @Test("a linear function survives trilinear resampling through an affine; outside is filled")
    func trilinear() throws {
        let extent = Extent3(x: 12, y: 11, z: 10)
        let grid = Affine3(columnX: [1.5, 0.1, 0], columnY: [-0.1, 1.2, 0], columnZ: [0, 0.2, 2], translation: [-8, -6, -9])
        func plane(_ p: Point3) -> Double { 3 * p.x - 2 * p.y + 5 * p.z }
        let source = Volume<Float>(
            extent: extent, voxelToWorld: grid,
            voxels: (0..<extent.count).map { index in
                let voxel = VoxelIndex(x: index % 12, y: index / 12 % 11, z: index / 132)
                return Float(plane(grid(voxel.point)))
            })
        let target = Extent3(x: 30, y: 5, z: 5)
        let targetGrid = Affine3(scale: [1, 0.5, 0.5], translation: [-9, -1, 0])
        let map = Affine3(columnX: [0.9, 0.1, 0], columnY: [-0.1, 1.1, 0], columnZ: [0, 0, 1.05], translation: [1, 0.5, -0.5])
        let result = try Resampler.linear(source, onto: target, voxelToWorld: targetGrid, through: map, fill: -7777, parallel: parallel)
        let toVoxel = try #require(grid.inverse)
        var insideCount = 0
        for x in 0..<30 {
            let world = map(targetGrid([Double(x), 2, 3]))
            let place = toVoxel(world)
            let value = Double(result[VoxelIndex(x: x, y: 2, z: 3)])
            if place.x >= 0, place.x <= 11 {
                #expect(abs(value - plane(world)) < 1e-3)
                insideCount += 1
            } else if place.x < -0.5 || place.x > 11.5 {
                #expect(value == -7777)
            }
        }
        #expect(insideCount > 10 && insideCount < 30)
    }

    @Test("labels through an affine take the nearest voxel")
    func nearest() throws {
        let labels = Volume<UInt8>(extent: Extent3(x: 4, y: 1, z: 1), voxelToWorld: Affine3(scale: [2, 1, 1]), voxels: [1, 2, 3, 4])
        let result = try Resampler.nearest(
            labels, onto: Extent3(x: 9, y: 1, z: 1), voxelToWorld: Affine3(scale: [1, 1, 1], translation: [-1.5, 0, 0]), fill: 0,
            parallel: parallel)
        #expect(result.voxels == [0, 1, 1, 2, 2, 3, 3, 4, 4])
    }

    // MARK: Windows

    @Test("HU are clipped and scaled to the network's input")
    func windows() {
        #expect(NetworkIntensity.input(-3000) == -1)
        #expect(NetworkIntensity.input(240) == 1)
        #expect(NetworkIntensity.input(1000) == 1)
        #expect(NetworkIntensity.input(-392) == 0)
    }
}
