import Foundation
import Foundations
import Imaging
import Screens
import Testing

@Suite struct SliceTests {
    /// Position under the cross-hair against the 4×4 matrix multiplied out, and HU against plain indexing, for every kind of grid.
    @Test(arguments: World.grids.indices) func crosshairTellsTheTruth(grid: Int) throws {
        let loaded = try World.loaded(grid)
        let (_, affine, extent) = World.grids[grid]
        let m = affine.rowMajor
        var generator = SeededGenerator(7, UInt64(grid))
        for _ in 0..<200 {
            let v = VoxelIndex(x: generator.below(extent.x), y: generator.below(extent.y), z: generator.below(extent.z))
            let sample = CrosshairSample(loaded, v)
            for axis in 0..<3 {
                let expected = m[4 * axis] * Double(v.x) + m[4 * axis + 1] * Double(v.y) + m[4 * axis + 2] * Double(v.z) + m[4 * axis + 3]
                // A few roundings of numbers below 200.
                #expect(abs(sample.position[axis] - expected) < 1e-9)
            }
            let index = v.x + extent.x * (v.y + extent.y * v.z)
            #expect(sample.hounsfield == Int(loaded.volumes.ct.voxels[index]))
            #expect(sample.centrilobularProbability == Float(index) / Float(extent.count))
            #expect(
                sample.lung
                    == (loaded.volumes.lungs!.voxels[index] == 1 ? "right" : loaded.volumes.lungs!.voxels[index] == 2 ? "left" : nil))
        }
    }

    /// Moving the cross-hair towards an anatomical side raises that coordinate, in every grid.
    @Test(arguments: World.grids.indices) func axesFollowThePatient(grid: Int) throws {
        let loaded = try World.loaded(grid)
        let axes = loaded.axes
        for axis in AnatomicalAxis.allCases {
            let here = axes.centre
            let there = axes.moving(here, axis, to: axes.position(here, axis) + 1)
            let step = loaded.volumes.ct.voxelToWorld(there.point) - loaded.volumes.ct.voxelToWorld(here.point)
            #expect(step[axis.rawValue] > 0)
            #expect(abs(step[axis.rawValue]) > 0.9 * length(step))
            #expect(axes.moving(here, axis, to: .max) == axes.moving(here, axis, to: axes.count(axis) - 1))
            #expect(axes.position(axes.moving(here, axis, to: -5), axis) == 0)
        }
    }

    /// The patient's right lung (label 1) lies on the screen's left in radiological display, anterior above, whatever the file's axes.
    @Test(arguments: World.grids.indices, [true, false]) func sidesAreWhereTheLettersSay(grid: Int, radiological: Bool) throws {
        let loaded = try World.loaded(grid)
        let projection = SliceProjection(
            axes: loaded.axes, plane: .axial, columns: 40, cellRows: 20, cellRatio: 2, radiological: radiological)
        #expect(projection.edgeLetters.left == (radiological ? "R" : "L"))
        #expect(projection.edgeLetters.top == "A")
        let cursor = loaded.axes.centre
        var columnSum = 0
        var count = 0
        for y in 0..<projection.rows {
            for x in 0..<projection.columns {
                guard let at = projection.position(x: x, y: y) else { continue }
                let voxel = loaded.axes.moving(loaded.axes.moving(cursor, .right, to: at.horizontal), .anterior, to: at.vertical)
                if loaded.volumes.lungs![voxel] == 1 {
                    columnSum += x
                    count += 1
                }
            }
        }
        #expect(count > 20)
        #expect((Double(columnSum) / Double(count) < 20) == radiological)
        let front = projection.pixel(horizontal: 0, vertical: Double(loaded.axes.count(.anterior) - 1))
        let back = projection.pixel(horizontal: 0, vertical: 0)
        #expect(front.y < back.y)
    }

    /// From a voxel to its pixel and back, and pictures keep the proportions of millimetres.
    @Test func projectionsInvertAndKeepProportions() throws {
        for grid in World.grids.indices {
            let axes = try World.loaded(grid).axes
            for plane in SlicePlane.allCases {
                let projection = SliceProjection(axes: axes, plane: plane, columns: 200, cellRows: 100, cellRatio: 2, radiological: true)
                for h in stride(from: 0, to: axes.count(plane.horizontal), by: 3) {
                    for v in stride(from: 0, to: axes.count(plane.vertical), by: 3) {
                        let pixel = projection.pixel(horizontal: Double(h), vertical: Double(v))
                        let back = projection.position(x: pixel.x, y: pixel.y)
                        #expect(back?.horizontal == h && back?.vertical == v)
                    }
                }
                let origin = projection.pixel(horizontal: 0, vertical: 0)
                let far = projection.pixel(
                    horizontal: Double(axes.count(plane.horizontal) - 1), vertical: Double(axes.count(plane.vertical) - 1))
                let width = Double(axes.count(plane.horizontal) - 1) * axes.spacing[plane.horizontal.rawValue]
                let height = Double(axes.count(plane.vertical) - 1) * axes.spacing[plane.vertical.rawValue]
                // Square pixels at cell ratio 2; each end is rounded to a pixel of at least 80.
                #expect(abs(Double(abs(far.x - origin.x)) / Double(abs(far.y - origin.y)) - width / height) < 0.04 * width / height)
            }
        }
    }

    @Test(arguments: World.grids.indices) func volumesCountEachVoxelOnce(grid: Int) throws {
        let loaded = try World.loaded(grid)
        let volumes = loaded.volumes
        let statistics = loaded.statistics
        var expected = [0, 0, 0, 0]
        for index in 0..<volumes.ct.extent.count where volumes.lungs!.voxels[index] == 1 {
            let (c, p) = (volumes.centrilobular.mask!.voxels[index] != 0, volumes.paraseptal.mask!.voxels[index] != 0)
            expected[0] += 1
            expected[1] += c ? 1 : 0
            expected[2] += p ? 1 : 0
            expected[3] += c || p ? 1 : 0
        }
        let right = statistics.right
        #expect([right.lungVoxels, right.centrilobularVoxels, right.paraseptalVoxels, right.eitherVoxels] == expected)
        #expect(right.eitherVoxels < right.centrilobularVoxels + right.paraseptalVoxels)
        #expect(statistics.left.centrilobularVoxels == 0 && statistics.left.paraseptalVoxels > 0)
        #expect(abs(statistics.voxelMillilitres - abs(volumes.ct.voxelToWorld.determinant) / 1000) < 1e-12)
        #expect(statistics.both.lungVoxels == right.lungVoxels + statistics.left.lungVoxels)
        // The same patient in any grid: within the error of coarse voxels.
        #expect(abs(statistics.millilitres(statistics.both.lungVoxels) - 4.0 / 3 * .pi * 15 * 25 * 30 / 1000 * 2) < 6)
    }

    @Test func masksOfAnotherGridAreRefused() {
        var volumes = World.subject(World.grids[0].voxelToWorld, World.grids[0].extent)
        volumes.lungs = World.subject(World.grids[1].voxelToWorld, World.grids[1].extent).lungs
        #expect(throws: Failure.self) { try LoadedSubject(id: "s01", volumes) }
    }

    @Test func windowsAreTheUsualOnes() {
        #expect(DisplayWindow.lung == DisplayWindow(lower: -1350, upper: 150))
        #expect(DisplayWindow.emphysema == DisplayWindow(lower: -1060, upper: -825))
        #expect(DisplayWindow.lung.brightness(-1350) == 0)
        #expect(DisplayWindow.lung.brightness(-600) == 0.5)
        #expect(DisplayWindow.lung.brightness(4000) == 1)
        #expect(DisplayWindow.lung.widened(by: 50).name == "custom")
    }

    /// A focus of one voxel is tinted however small the picture.
    @Test func smallFociStayVisible() throws {
        let grid = World.grids[0]
        var volumes = World.subject(grid.voxelToWorld, grid.extent)
        let focus = VoxelIndex(x: 33, y: 15, z: 8)
        volumes.centrilobular.mask = Volume(extent: grid.extent, voxelToWorld: grid.voxelToWorld, repeating: 0)
        volumes.paraseptal.mask = nil
        volumes.centrilobular.mask![focus] = 1
        let loaded = try LoadedSubject(id: "s01", volumes)
        #expect(loaded.firstCursor == focus)
        let picture = CTSlicePicture(
            subject: loaded, cursor: focus, window: .lung, inverted: false, shows: [.centrilobular], opacity: 0.6, crosshair: false)
        let projection = SliceProjection(axes: loaded.axes, plane: .axial, columns: 20, cellRows: 10, cellRatio: 2, radiological: true)
        let image = picture.image(projection)
        let tinted = (0..<projection.rows).reduce(0) { sum, y in
            sum + (0..<projection.columns).count { x in image[x, y].red != image[x, y].blue }
        }
        // Neighbouring pixels may sample the same voxel.
        #expect((1...2).contains(tinted))
    }
}
