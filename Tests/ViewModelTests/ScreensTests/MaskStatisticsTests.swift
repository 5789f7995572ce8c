import Foundations
import Imaging
import Screens
import TerminalKit
import Testing

@Suite struct MaskStatisticsTests {
    /// A subject with probabilities of both subtypes whose masks are their upper half.
    private static func volumes(_ grid: Int) -> SubjectVolumes {
        var volumes = World.subject(World.grids[grid].voxelToWorld, World.grids[grid].extent)
        var generator = SeededGenerator(9, UInt64(grid))
        for subtype in [0, 1] {
            var probability = Volume<Float>(extent: volumes.ct.extent, voxelToWorld: volumes.ct.voxelToWorld, repeating: 0)
            for i in probability.voxels.indices where volumes.lungs!.voxels[i] != 0 {
                probability.voxels[i] = Float(generator.next() % 1025) / 1024
            }
            let mask = probability.mapVoxels { UInt8($0 >= 0.5 ? 1 : 0) }
            if subtype == 0 {
                volumes.centrilobular = SubtypeVolumes(mask: mask, probability: probability)
            } else {
                volumes.paraseptal = SubtypeVolumes(mask: mask, probability: probability)
            }
        }
        return volumes
    }

    @Test func stepsOfTheThresholdAreExact() {
        for numerator in 0...1024 {
            let probability = Float(numerator) / 1024
            let expected = (1...MaskThreshold.steps).last { probability >= MaskThreshold(step: $0).probability } ?? 0
            #expect(MaskThreshold.step(reachedBy: probability) == expected, "\(numerator)/1024")
        }
        for step in 1...MaskThreshold.steps { #expect(MaskThreshold.step(reachedBy: Float(step) / 20) == step) }
    }

    @Test(arguments: World.grids.indices) func everyThresholdCountsItsVoxels(grid: Int) {
        let volumes = Self.volumes(grid)
        let statistics = SubjectStatistics(volumes)
        #expect(statistics.hasProbabilities)
        let (cle, pse) = (volumes.centrilobular.probability!.voxels, volumes.paraseptal.probability!.voxels)
        let left = volumes.lungs!.voxels.indices.filter { volumes.lungs!.voxels[$0] == 2 }
        for step in [1, 7, 10, 11, 19] {
            let threshold = MaskThreshold(step: step)
            let marked = statistics.left.marked(threshold)
            let t = threshold.probability
            #expect(marked.centrilobular == left.count { cle[$0] >= t })
            #expect(marked.paraseptal == left.count { pse[$0] >= t })
            #expect(marked.either == left.count { cle[$0] >= t || pse[$0] >= t })
        }
    }

    @Test(arguments: World.grids.indices) func thirdsHaveEqualHeights(grid: Int) {
        let volumes = Self.volumes(grid)
        let statistics = SubjectStatistics(volumes)
        for (label, lung) in [(UInt8(1), statistics.rightLung), (2, statistics.leftLung)] {
            var heights: [Double] = []
            let size = volumes.ct.extent
            for z in 0..<size.z {
                for y in 0..<size.y {
                    for x in 0..<size.x where volumes.lungs![VoxelIndex(x: x, y: y, z: z)] == label {
                        heights.append(volumes.ct.voxelToWorld(VoxelIndex(x: x, y: y, z: z).point).z)
                    }
                }
            }
            let (low, high) = (heights.min()!, heights.max()!)
            // Upper, middle, lower; voxels on a boundary belong to the part above it.
            let edge = { (k: Double) in low + (high - low) * k / 3 - 1e-9 }
            #expect(lung.thirds[0].lungVoxels == heights.count { $0 >= edge(2) })
            #expect(lung.thirds[1].lungVoxels == heights.count { $0 >= edge(1) && $0 < edge(2) })
            #expect(lung.thirds[2].lungVoxels == heights.count { $0 < edge(1) })
            #expect(lung.whole.lungVoxels == heights.count)
        }
    }

    @Test(arguments: World.grids.indices) func densitometryIsOfTheLungsOwnVoxels(grid: Int) throws {
        let volumes = Self.volumes(grid)
        let density = try #require(SubjectStatistics(volumes).density)
        let lung = volumes.ct.voxels.indices.filter { volumes.lungs!.voxels[$0] != 0 }.map { volumes.ct.voxels[$0] }.sorted()
        #expect(abs(density.lowAttenuation - Double(lung.count { $0 < -950 }) / Double(lung.count)) < 1e-12)
        #expect(density.percentile15 == Int(lung[Int((0.15 * Double(lung.count)).rounded(.up)) - 1]))
    }

    @Test func thickSlicesAreCautionedAgainst() throws {
        let thick = try World.loaded(0)
        #expect(thick.densitometryCautions.first?.contains("4 mm") == true)
        let fine = World.subject(Affine3(scale: [2, 2.5, 2.5], translation: [-48, -38, -32]), Extent3(x: 49, y: 31, z: 27))
        #expect(try LoadedSubject(id: "s01", fine).densitometryCautions.isEmpty)
    }

    @Test func aZoomedSliceStaysTrue() {
        let axes = AnatomicalAxes(extent: World.grids[1].extent, voxelToWorld: World.grids[1].voxelToWorld)
        let at = VoxelIndex(x: 12, y: 20, z: 5)
        var zoom = SliceZoom()
        for _ in 0..<4 { zoom.change(by: 1, about: at) }
        for plane in SlicePlane.allCases {
            func projection(_ zoom: SliceZoom) -> SliceProjection {
                SliceProjection(axes: axes, plane: plane, columns: 60, cellRows: 30, cellRatio: 2, radiological: true, zoom: zoom)
            }
            let (fitted, zoomed) = (projection(SliceZoom()), projection(zoom))
            #expect(abs(fitted.millimetresPerColumn / zoomed.millimetresPerColumn - zoom.factor) < 1e-9)
            let place = (axes.position(at, plane.horizontal), axes.position(at, plane.vertical))
            let pixel = zoomed.pixel(horizontal: Double(place.0), vertical: Double(place.1))
            #expect((29...30).contains(pixel.x) && (29...30).contains(pixel.y), "\(plane) \(pixel)")
            let back = zoomed.position(x: pixel.x, y: pixel.y)
            #expect(back?.horizontal == place.0 && back?.vertical == place.1)
        }
    }

    @Test func keysZoomPanMeasureAndChangeTheThreshold() throws {
        var state = World.state(200, 60)
        _ = state.press("3")
        _ = state.reduce(.subjectsListed(try World.Library().subjects()))
        let loaded = try LoadedSubject(id: "s01", Self.volumes(1))
        _ = state.reduce(.subjectLoaded(loaded))
        let start = try #require(state.view.cursor)

        _ = state.press("z", "z")
        #expect(state.view.zoom.factor == 2 && state.view.zoom.centre == start)
        // To the screen's right is to the patient's left.
        _ = state.press("L")
        #expect(loaded.axes.position(state.view.zoom.centre!, .right) < loaded.axes.position(start, .right))
        #expect(state.view.cursor == start)

        _ = state.press("m", "l", "l", "k")
        let map = loaded.volumes.ct.voxelToWorld
        let millimetres = length(map(state.view.cursor!.point) - map(start.point))
        #expect(state.shown.contains("ruler \(Text.fixed(millimetres, 1)) mm"))

        _ = state.press("T", "T")
        #expect(state.shown.contains("p ≥ 0.40 (mask 0.50)"))
        let percent = try #require(
            loaded.statistics.percent(loaded.statistics.both.marked(MaskThreshold(step: 8)).either, of: loaded.statistics.both))
        #expect(state.shown.contains("\(Text.fixed(percent, 1))%"))
        _ = state.press("v")
        #expect(state.shown.contains("probability of CLE"))
        #expect(state.shown.contains("LAA-950") && state.shown.contains("R upper"))
        _ = state.press("r")
        #expect(state.view.zoom == SliceZoom() && state.view.threshold == .mask && state.masks.mark == nil)
    }

    @Test func withoutProbabilitiesOnlyTheMaskIsShown() throws {
        var state = World.state(120, 40)
        _ = state.press("3")
        _ = state.reduce(.subjectsListed(try World.Library().subjects()))
        _ = state.reduce(.subjectLoaded(try World.loaded(1)))
        _ = state.press("t")
        #expect(state.view.threshold == .mask && state.message?.text.contains("no probabilities") == true)
    }
}
