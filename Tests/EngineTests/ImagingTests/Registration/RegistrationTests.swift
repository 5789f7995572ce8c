import Foundation
import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Affine registration of lung masks")
struct RegistrationTests {
    private let parallel = Parallel(threads: 2)

    /// Two ellipsoids, the right one larger and higher, with a slanting base and a dent for the heart, so that no turn looks like another.
    private func lungs(
        _ place: Affine3 = .identity, extent: Extent3 = Extent3(x: 90, y: 70, z: 80),
        grid: Affine3 = Affine3(scale: [-3, 3, 3], translation: [135, -105, -120])
    ) throws -> Volume<UInt8> {
        let inverse = try #require(place.inverse)
        var mask = Volume<UInt8>(extent: extent, voxelToWorld: grid, repeating: 0)
        func isInside(_ p: Point3, _ centre: Point3, _ radii: Point3) -> Bool {
            let q = (p - centre) / radii
            return dot(q, q) <= 1
        }
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                for x in 0..<extent.x {
                    let p = inverse(grid([Double(x), Double(y), Double(z)]))
                    let voxel = VoxelIndex(x: x, y: y, z: z)
                    guard p.z > -40 - 0.4 * p.y, !isInside(p, [-12, 30, -15], [45, 40, 45]) else { continue }
                    if isInside(p, [52, 0, 8], [42, 60, 84]) { mask[voxel] = 1 }
                    if isInside(p, [-50, 6, 0], [36, 54, 78]) { mask[voxel] = 2 }
                }
            }
        }
        return mask
    }

    /// Largest distance between two maps' images of points on a box around the lungs, mm.
    private func deviation(_ a: Affine3, _ b: Affine3) -> Double {
        Extent3(cube: 2).corners.map { $0 * 160 - 80 }.map { length(a($0) - b($0)) }.max() ?? .infinity
    }

    // MARK: Known maps

    @Test(
        "turns of 45° and scales of 0.6 to 1.6 are found",
        arguments: [
            Affine3(scale: [0.6, 0.6, 0.6], translation: [20, -30, 40]), Affine3(scale: [1.6, 1.6, 1.6], translation: [-10, 5, 300]),
            Affine3(columnX: [0.707, 0.707, 0], columnY: [-0.707, 0.707, 0], columnZ: [0, 0, 1], translation: [5, 5, 5]),
            Affine3(columnX: [1, 0, 0], columnY: [0, 0.707, 0.707], columnZ: [0, -0.707, 0.707], translation: [0, 40, 0]),
            Affine3(columnX: [0.707, 0, -0.707], columnY: [0, 1, 0], columnZ: [0.707, 0, 0.707], translation: [0, 0, -60]),
            Affine3(columnX: [0.93, 0.08, 0.03], columnY: [-0.07, 1.05, 0.06], columnZ: [-0.05, -0.05, 1.2], translation: [12, -8, 20]),
        ])
    func knownMaps(map: Affine3) throws {
        let fixed = try lungs()
        let size = Extent3(x: 110, y: 110, z: 110)
        let moving = try lungs(
            map, extent: size, grid: Affine3(scale: [3, -3, 3], translation: map([0, 0, 0]) + [-165, 165, -165]))
        let result = try AffineRegistration.register(fixed: fixed, moving: moving, parallel: parallel)
        // Masks of 3 mm voxels: half a voxel at the corners of a box far outside the lungs.
        #expect(deviation(result.fixedToMoving, map) < 1.5)
        #expect(result.diceAfter > 0.96)
    }

    @Test("one collapsed lung: the other one, and what is left of it, lead")
    func collapsedLung() throws {
        let fixed = try lungs()
        let map = Affine3(columnX: [0.95, 0.05, 0], columnY: [-0.05, 1.05, 0.03], columnZ: [0, -0.03, 1.1], translation: [10, -8, 20])
        let whole = try lungs(
            map, extent: Extent3(x: 110, y: 110, z: 110),
            grid: Affine3(scale: [3, -3, 3], translation: map([0, 0, 0]) + [-165, 165, -165]))
        // The left lung shrinks towards its hilum to 0.6 of its length.
        var collapsed = whole.mapVoxels { $0 == 1 ? UInt8(1) : 0 }
        let inverse = try #require(whole.voxelToWorld.inverse)
        let hilum = map([-30, 0, 0])
        whole.forEachVoxel { voxel, index in
            let source = VoxelIndex(nearestTo: inverse(hilum + (whole.voxelToWorld(voxel.point) - hilum) / 0.6))
            if whole.extent.contains(source), whole[source] == 2 { collapsed.voxels[index] = 2 }
        }
        let result = try AffineRegistration.register(fixed: fixed, moving: collapsed, parallel: parallel)
        // The lung that is whole is where it belongs: its outermost points, half a hand apart from the other's.
        for point: Point3 in [[90, 0, 8], [52, 55, 8], [52, 0, 85], [52, -55, 8]] {
            #expect(length(result.fixedToMoving(point) - map(point)) < 25)
        }
        #expect(result.diceAfter > 0.8 && result.diceAfter > result.diceBefore)
    }

    @Test("masks that do not overlap at all are brought together")
    func farApart() throws {
        let fixed = try lungs()
        let map = Affine3(scale: [1, 1, 1], translation: [0, 0, 2000])
        let moving = try lungs(map, grid: Affine3(scale: [-3, 3, 3], translation: [135, -105, 1880]))
        let result = try AffineRegistration.register(fixed: fixed, moving: moving, parallel: parallel)
        #expect(result.diceBefore == 0 && result.diceAfter > 0.97)
        #expect(deviation(result.fixedToMoving, map) < 1.5)
    }

    @Test("the same bits for any number of threads; labels 50 and 100 are 1 and 2")
    func deterministic() throws {
        let fixed = try lungs()
        let moving = try lungs(Affine3(scale: [0.9, 1.1, 1], translation: [10, 0, -20]))
        let one = try AffineRegistration.register(fixed: fixed, moving: moving, parallel: Parallel(threads: 1))
        let three = try AffineRegistration.register(
            fixed: fixed.mapVoxels { $0 * 50 }, moving: moving, parallel: Parallel(threads: 3))
        #expect(one.fixedToMoving == three.fixedToMoving)
    }

    @Test("the gradient is the finite difference of the information")
    func gradient() throws {
        let fixed = try lungs().thinned(to: 6)
        let moving = try lungs(Affine3(scale: [0.9, 1.1, 1], translation: [10, 0, -20])).thinned(to: 6)
        let information = SymmetricInformation(fixed: fixed, moving: moving, parallel: parallel)
        let place = Affine3(
            columnX: [0.93, 0.04, 0.02], columnY: [-0.05, 1.06, 0.03], columnZ: [0.01, 0.05, 0.97], translation: [7, 2, -16])
        let value = information(place)
        for entry in 0..<12 {
            var matrix = place.rowMajor
            // Steps of about 0.02 mm at the lungs' border.
            let step = entry % 4 == 3 ? 0.02 : 0.0003
            matrix[entry] += step
            let above = information(Affine3(rowMajor: matrix)).information
            matrix[entry] -= 2 * step
            let below = information(Affine3(rowMajor: matrix)).information
            let difference = (above - below) / (2 * step)
            // Single-precision weights, and kinks where a voxel crosses a cell's wall.
            #expect(abs(difference - value.gradient[entry]) < 0.03 * max(abs(difference), entry % 4 == 3 ? 2e-4 : 2e-2))
        }
    }

    @Test("leaping over uniform cells counts what a plain loop counts")
    func histogramAgainstNaive() throws {
        let fixed = try lungs().thinned(to: 6)
        let moving = try lungs(Affine3(scale: [0.9, 1.1, 1], translation: [10, 0, -20])).thinned(to: 6)
        let map = Affine3(columnX: [0.9, 0.2, 0.1], columnY: [-0.3, 1, 0.1], columnZ: [0, -0.1, 1.1], translation: [14, -5, 9])
        let cells = LabelCells(moving, parallel: parallel)
        let toMoving = try #require(moving.voxelToWorld.inverse) * map * fixed.voxelToWorld
        let histogram = JointHistogram(
            fixed: LabelRows(fixed, parallel: parallel), moving: cells, map: cells.worldToCell * map * fixed.voxelToWorld,
            parallel: parallel)
        var expected = [Double](repeating: 0, count: 9)
        fixed.forEachVoxel { voxel, index in
            let place = toMoving(voxel.point)
            let base = place.rounded(.down)
            for corner in 0..<8 {
                let offset = Point3(Double(corner & 1), Double(corner >> 1 & 1), Double(corner >> 2))
                let fraction = place - base
                let weights = (1 - offset) + (2 * offset - 1) * fraction
                let neighbour = VoxelIndex(nearestTo: base + offset)
                let label = moving.extent.contains(neighbour) ? Int(moving[neighbour]) : 0
                expected[Int(fixed.voxels[index]) * 3 + label] += weights.x * weights.y * weights.z
            }
        }
        // Single-precision places: 1e-5 of a voxel for each of some thousands on the border.
        for (count, naive) in zip(histogram.counts, expected) { #expect(abs(count - naive) < 0.2) }
    }

    // MARK: Refusals

    @Test("what cannot be registered is refused with the reason")
    func refusals() throws {
        let fixed = try lungs()
        let empty = fixed.mapVoxels { _ in UInt8(0) }
        expectRefusal("the moving mask is empty") { try AffineRegistration.register(fixed: fixed, moving: empty, parallel: parallel) }
        expectRefusal("holds the labels") {
            try AffineRegistration.register(fixed: fixed.mapVoxels { $0 * 7 }, moving: fixed, parallel: parallel)
        }
        let tiny = try lungs(Affine3(scale: [0.25, 0.25, 0.25]))
        expectRefusal("stretches lengths") { try AffineRegistration.register(fixed: fixed, moving: tiny, parallel: parallel) }
        // A hollow shell of the same outline: no affine map makes it whole.
        var shell = fixed
        fixed.forEachVoxel { voxel, index in
            let p = fixed.voxelToWorld(voxel.point)
            if abs(p.z) < 50 && abs(p.y) < 40 { shell.voxels[index] = 0 }
        }
        expectRefusal("Dice") { try AffineRegistration.register(fixed: fixed, moving: shell, parallel: parallel) }
    }

    @Test("mirrored, sheared, stretched and poor results are refused, each with its reason")
    func implausible() throws {
        func expect(_ words: String, _ map: Affine3, dice: Double = 1) {
            expectRefusal(words) {
                try AffineRegistration.requirePlausible(map, diceAfter: dice, .init())
                throw Failure("accepted")
            }
        }
        expect("mirrors the patient", Affine3(scale: [-1, 1, 1]))
        expect("stretches lengths by 0.3", Affine3(scale: [0.3, 0.5, 0.5]))
        expect("stretches lengths", Affine3(scale: [1, 2.6, 1]))
        expect("shears", Affine3(columnX: [1, 0, 0], columnY: [1.3, 1, 0], columnZ: [0, 0, 1], translation: .zero))
        expect("Dice after it is 0.79", .identity, dice: 0.79)
        expect("did not end at a map", Affine3(scale: [.nan, 1, 1]))
        expect("accepted", Affine3(scale: [0.6, 1.2, 1]), dice: 0.8)
    }

    private func expectRefusal(_ reason: String, _ register: () throws -> RegistrationResult) {
        let failure = #expect(throws: Failure.self) { _ = try register() }
        #expect(failure?.description.contains(reason) == true, "\(failure?.description ?? "")")
    }

    // MARK: Reference pair

    @Test(
        "the reference pair: nearer to the known map than ANTs",
        .enabled(if: SharedData.hasFixtures("atlas_mask_2mm.nii.gz", "moving_mask_2mm.nii.gz", "registration.json") && SharedData.hasCT))
    func referencePair() throws {
        let masks = try ["atlas_mask_2mm.nii.gz", "moving_mask_2mm.nii.gz"].map {
            try LungMask.normalise(labels: NiftiFile.readLabels(SharedData.fixture($0)), parallel: parallel)
        }
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: SharedData.fixture("registration.json"))) as? [String: Any]
        let known = Affine3(rowMajor: try #require(object?["known_fixed_to_moving_RAS_4x4"] as? [[Double]]).flatMap { $0 })
        let result = try AffineRegistration.register(fixed: masks[0], moving: masks[1], parallel: parallel)

        let header = try NiftiFile.readHeader(SharedData.ct("drasclr_atlas_lung_mask.nii.gz"))
        let points = try landmarks().map { header.voxelToWorld($0) }
        #expect(points.count == 581)
        let errors = points.map { length(result.fixedToMoving($0) - known($0)) }
        // Marks: mean 0.15, max 0.4 (ANTs 0.116 and 0.246); found 0.03 and 0.07.
        #expect(errors.reduce(0, +) / Double(errors.count) < 0.06)
        #expect(errors.max() ?? .infinity < 0.15)
        #expect(abs(result.diceBefore - 0.7306) < 0.001)
        #expect(result.diceAfter > 0.9855)
    }

    @Test(
        "the reference pair at 1 mm: nearer to the known map",
        .enabled(if: SharedData.hasFixtures("atlas_mask_2mm.nii.gz", "moving_mask_2mm.nii.gz", "registration.json") && SharedData.hasCT))
    func referencePairAtOneMillimetre() throws {
        func labels(_ url: URL) throws -> Volume<UInt8> {
            try LungMask.normalise(labels: NiftiFile.readLabels(url), parallel: parallel)
        }
        let fixed = try labels(SharedData.ct("drasclr_atlas_lung_mask.nii.gz"))
        let coarse = try labels(SharedData.fixture("moving_mask_2mm.nii.gz"))
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: SharedData.fixture("registration.json"))) as? [String: Any]
        let known = Affine3(rowMajor: try #require(object?["known_fixed_to_moving_RAS_4x4"] as? [[Double]]).flatMap { $0 })
        // The atlas pushed through the known map onto 1 mm voxels over the moving header's extent.
        let extent = Extent3(x: coarse.extent.x * 2, y: coarse.extent.y * 2, z: coarse.extent.z * 2)
        let affine = Affine3(
            columnX: coarse.voxelToWorld.columnX / 2, columnY: coarse.voxelToWorld.columnY / 2, columnZ: coarse.voxelToWorld.columnZ / 2,
            translation: coarse.voxelToWorld.translation)
        let moving = try Resampler.nearest(
            fixed, onto: extent, voxelToWorld: affine, through: try #require(known.inverse), fill: 0, parallel: parallel)
        let result = try AffineRegistration.register(fixed: fixed, moving: moving, parallel: parallel)
        let errors = try landmarks().map { length(result.fixedToMoving(fixed.voxelToWorld($0)) - known(fixed.voxelToWorld($0))) }
        // Marks: mean 0.15, max 0.4 mm.
        #expect(errors.reduce(0, +) / Double(errors.count) < 0.05)
        #expect(errors.max() ?? .infinity < 0.12)
        #expect(result.diceAfter > 0.984)
    }

    /// The release's landmark corners: an .npy file of Int64 [n, 3].
    private func landmarks() throws -> [Point3] {
        let data = try Data(contentsOf: SharedData.ct("drasclr_atlas_patch_loc.npy"))
        let start = 10 + Int(data[8]) + Int(data[9]) << 8
        let values = data[start...].withUnsafeBytes { bytes in
            (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
        }
        return stride(from: 0, to: values.count, by: 3).map { Point3(Double(values[$0]), Double(values[$0 + 1]), Double(values[$0 + 2])) }
    }
}
