import Cohorts
import Foundation
import Foundations
import Imaging

/// The density of the lung in 32 mm boxes: which parts of a box are lung, low in density, and of what form, at four depths below the lung's surface.
///
/// The encoder learns to tell subjects apart whatever their scanner, and so little of density; these numbers say plainly what a reader looks for:
/// small low foci away from the pleura, cysts with walls in rows along it. Of each part its root is given, too, since the first per cents matter most.
/// Low is below -935 HU after smoothing within the lung (σ 0.7 mm). Ours: docs/method.md section 5.
package struct BoxDensity: Sendable {
    /// Numbers of a box: 21 parts and their roots.
    package static let count = 2 * parts
    private static let parts = forms.count * bandCount + 1
    /// What a voxel of lung may be, a bit each.
    private static let forms: [UInt8] = [Form.lung, Form.low, Form.opened, Form.large, Form.wall]
    /// Depths that part the bands, mm below the lung's surface.
    private static let depths: [Float] = [3.5, 6.5, 10.5]
    private static let bandCount = depths.count + 1

    private enum Form {
        static let lung: UInt8 = 1
        /// Below -935 HU, smoothed.
        static let low: UInt8 = 2
        /// Low, and left after opening by one voxel: more than speckle.
        static let opened: UInt8 = 4
        /// Low, and left after opening by two voxels.
        static let large: UInt8 = 8
        /// Denser lung that touches what is low.
        static let wall: UInt8 = 16
        /// Below -950 HU as it is.
        static let below950: UInt8 = 32
    }

    static let lowHounsfield: Float = -935
    private static let wallHounsfield: Float = -860
    static let lowAttenuation: Int16 = -950
    /// Of the smoothing, mm.
    private static let sigma = 0.7

    /// The part of the 1 mm grid that holds the lungs, with one voxel around it.
    private let origin: VoxelIndex
    private let extent: Extent3
    private let forms: [UInt8]
    /// 0…3 in lung.
    private let bands: [UInt8]
    private let parallel: Parallel

    /// - Parameters:
    ///   - image: HU at 1 mm.
    ///   - lungs: the same grid, 0 outside.
    package init(_ image: Volume<Int16>, lungs: Volume<UInt8>, parallel: Parallel) {
        precondition(image.sharesGrid(with: lungs), "BoxDensity: image \(image.extent) and lungs \(lungs.extent) are on different grids")
        self.parallel = parallel
        (origin, extent) = Self.bounds(lungs)
        let (origin, extent) = (origin, extent)
        func cropped<Voxel: BitwiseCopyable>(_ volume: Volume<Voxel>, outside: Voxel) -> [Voxel] {
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z: Int, target: UnsafeMutableBufferPointer<Voxel>) in
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        let place = VoxelIndex(x: x + origin.x, y: y + origin.y, z: z + origin.z)
                        target[(z * extent.y + y) * extent.x + x] = volume.extent.contains(place) ? volume[place] : outside
                    }
                }
            }
        }
        let inside = cropped(lungs, outside: 0)
        let hounsfield = cropped(image, outside: 0)
        let depth = DistanceMap.squared(
            to: { $0 == 0 }, in: inside, extent: extent, spacingMillimetres: [1, 1, 1], within: Double(Self.depths[2]) + 1,
            parallel: parallel)
        let smooth = LungSmoothing(extent: extent, spacing: [1, 1, 1], sigma: Self.sigma).smoothed(
            hounsfield, lungs: inside, parallel: parallel)
        let low = inside.indices.map { inside[$0] != 0 && smooth[$0] < Self.lowHounsfield ? UInt8(1) : 0 }
        let opened = Self.opened(low, by: 1, extent, parallel)
        let large = Self.opened(low, by: 2, extent, parallel)
        let touching = Self.dilated(low, extent, parallel)
        var forms = [UInt8](repeating: 0, count: extent.count)
        var bands = forms
        for i in inside.indices where inside[i] != 0 {
            var form = Form.lung
            if low[i] != 0 { form |= Form.low }
            if opened[i] != 0 { form |= Form.opened }
            if large[i] != 0 { form |= Form.large }
            if smooth[i] > Self.wallHounsfield, touching[i] != 0 { form |= Form.wall }
            if hounsfield[i] < Self.lowAttenuation { form |= Form.below950 }
            forms[i] = form
            bands[i] = UInt8(Self.depths.count { depth[i] > $0 * $0 })
        }
        self.forms = forms
        self.bands = bands
    }

    /// The numbers of the boxes whose voxels 16, 16, 16 are `centres`, voxels of the 1 mm grid: `[centre][count]`.
    package func values(around centres: [VoxelIndex]) -> [Float] {
        var result = [Float](repeating: 0, count: centres.count * Self.count)
        for (number, form) in Self.forms.enumerated() {
            for band in 0..<Self.bandCount {
                add(channel: number * Self.bandCount + band, centres, to: &result) { forms, bands in
                    forms & form != 0 && bands == UInt8(band)
                }
            }
        }
        add(channel: Self.parts - 1, centres, to: &result) { forms, _ in forms & Form.below950 != 0 }
        return result
    }

    /// The part of a box's lung below -950 HU, from a box's numbers: LAA-950 of the box.
    static func lowAttenuationPart(_ values: ArraySlice<Float>) -> Float {
        let start = values.startIndex
        let lung = (0..<bandCount).reduce(Float(0)) { $0 + values[start + $1] }
        return lung > 0 ? values[start + parts - 1] / lung : 0
    }

    /// Sums one channel over all boxes: along x and y everywhere, along z where a box asks.
    private func add(
        channel: Int, _ centres: [VoxelIndex], to result: inout [Float], _ isOf: @Sendable (_ form: UInt8, _ band: UInt8) -> Bool
    ) {
        let half = Atlas.patchSide / 2
        let plane = extent.x * extent.y
        let sums = parallel.makeArray(count: extent.count, pieces: extent.z) { (z: Int, target: UnsafeMutableBufferPointer<UInt16>) in
            var rows = [UInt16](repeating: 0, count: plane)
            for y in 0..<extent.y {
                let start = z * plane + y * extent.x
                Self.running(count: extent.x, half) {
                    isOf(forms[start + $0], bands[start + $0]) ? 1 : 0
                } to: {
                    rows[y * extent.x + $0] = $1
                }
            }
            for x in 0..<extent.x {
                Self.running(count: extent.y, half) {
                    rows[$0 * extent.x + x]
                } to: {
                    target[z * plane + $0 * extent.x + x] = $1
                }
            }
        }
        let voxels = Float(Atlas.patchSide * Atlas.patchSide * Atlas.patchSide)
        for (index, centre) in centres.enumerated() {
            // A box around a voxel outside the cropped part still reaches into it: its sums are those of the nearest row that the box holds.
            let total = sum(sums, around: centre, half, isOf)
            let part = Float(total) / voxels
            result[index * Self.count + channel] = part
            result[index * Self.count + Self.parts + channel] = part.squareRoot()
        }
    }

    private func sum(
        _ sums: [UInt16], around centre: VoxelIndex, _ half: Int, _ isOf: (_ form: UInt8, _ band: UInt8) -> Bool
    ) -> Int {
        let (x, y, z) = (centre.x - origin.x, centre.y - origin.y, centre.z - origin.z)
        let slices = max(0, z - half)..<max(max(0, z - half), min(extent.z, z + half))
        let plane = extent.x * extent.y
        guard x >= 0, x < extent.x, y >= 0, y < extent.y else {
            // Rare: a lattice point beside the lungs.
            var total = 0
            for k in slices {
                for j in max(0, y - half)..<max(max(0, y - half), min(extent.y, y + half)) {
                    for i in max(0, x - half)..<max(max(0, x - half), min(extent.x, x + half)) {
                        let place = k * plane + j * extent.x + i
                        if isOf(forms[place], bands[place]) { total += 1 }
                    }
                }
            }
            return total
        }
        return slices.reduce(0) { $0 + Int(sums[$1 * plane + y * extent.x + x]) }
    }

    /// Sums over half before each place and half from it on.
    @inline(__always)
    private static func running(count: Int, _ half: Int, value: (Int) -> UInt16, to put: (Int, UInt16) -> Void) {
        var sum: UInt16 = 0
        for i in 0..<min(half, count) { sum += value(i) }
        for i in 0..<count {
            put(i, sum)
            // The window of the next place: one more ahead, one less behind.
            if i + half < count { sum += value(i + half) }
            if i - half >= 0 { sum -= value(i - half) }
        }
    }

    private static func bounds(_ lungs: Volume<UInt8>) -> (origin: VoxelIndex, extent: Extent3) {
        var low = [Int.max, .max, .max]
        var high = [-1, -1, -1]
        var index = 0
        for z in 0..<lungs.extent.z {
            for y in 0..<lungs.extent.y {
                for x in 0..<lungs.extent.x {
                    if lungs.voxels[index] != 0 {
                        low = [min(low[0], x), min(low[1], y), min(low[2], z)]
                        high = [max(high[0], x), max(high[1], y), max(high[2], z)]
                    }
                    index += 1
                }
            }
        }
        guard high[0] >= 0 else { return (VoxelIndex(x: 0, y: 0, z: 0), Extent3(cube: 1)) }
        return (
            VoxelIndex(x: low[0] - 1, y: low[1] - 1, z: low[2] - 1),
            Extent3(x: high[0] - low[0] + 3, y: high[1] - low[1] + 3, z: high[2] - low[2] + 3)
        )
    }

    // MARK: opening

    /// Erosion, then dilation within the mask, by so many voxels along the axes.
    private static func opened(_ mask: [UInt8], by steps: Int, _ extent: Extent3, _ parallel: Parallel) -> [UInt8] {
        var result = mask
        for _ in 0..<steps { result = spread(result, extent, parallel) { $0 & $1 } }
        for _ in 0..<steps { result = dilated(result, extent, parallel) }
        for i in result.indices where mask[i] == 0 { result[i] = 0 }
        return result
    }

    private static func dilated(_ mask: [UInt8], _ extent: Extent3, _ parallel: Parallel) -> [UInt8] {
        spread(mask, extent, parallel) { $0 | $1 }
    }

    /// Each voxel joined with its six neighbours; there is nothing beyond the grid.
    private static func spread(
        _ mask: [UInt8], _ extent: Extent3, _ parallel: Parallel, _ join: @Sendable (UInt8, UInt8) -> UInt8
    ) -> [UInt8] {
        let (row, plane) = (extent.x, extent.x * extent.y)
        return mask.withUnsafeBufferPointer { mask in
            parallel.makeArray(count: extent.count, pieces: extent.z) { (z: Int, target: UnsafeMutableBufferPointer<UInt8>) in
                for y in 0..<extent.y {
                    for x in 0..<extent.x {
                        let place = z * plane + y * row + x
                        var value = mask[place]
                        value = join(value, x > 0 ? mask[place - 1] : 0)
                        value = join(value, x + 1 < extent.x ? mask[place + 1] : 0)
                        value = join(value, y > 0 ? mask[place - row] : 0)
                        value = join(value, y + 1 < extent.y ? mask[place + row] : 0)
                        value = join(value, z > 0 ? mask[place - plane] : 0)
                        value = join(value, z + 1 < extent.z ? mask[place + plane] : 0)
                        target[place] = value
                    }
                }
            }
        }
    }
}
