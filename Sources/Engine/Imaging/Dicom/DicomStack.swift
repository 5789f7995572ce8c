import Foundation
import Foundations

/// Slices of one size and direction that follow each other evenly: what makes a volume of images. Their places and directions decide, never
/// their numbers.
struct DicomStack {
    /// From the first place along the normal to the last.
    let slices: [DicomSlice]
    /// Direction in which slices follow each other across their planes, LPS.
    let normal: Point3
    /// Place of the first slice's first pixel, LPS mm, on the straight line that fits all slices best: places are often written with few digits.
    let start: Point3
    /// From a slice's first pixel to the next one's, LPS mm, on that line; leans against the normal where the gantry was tilted.
    let step: Point3

    /// Fewer images are no volume.
    static let fewestSlices = 4
    /// Slices at most this far apart are at the same place, mm.
    private static let sameMillimetres = 0.01
    /// A distance between slices may differ from the usual one by this fraction, beside what the digits of their places leave open.
    private static let unevenFraction = 0.02
    /// What the digits leave open may not be more than this fraction of the distance: places written as whole millimetres tell nothing.
    private static let roundingFraction = 0.4
    /// A slice may lie beside the line by this fraction of a pixel.
    private static let besideFraction = 0.25
    /// Slices drift sideways by at most this in the whole of an upright series, in pixels.
    private static let driftPixels = 0.5
    /// Degrees; gantries reach 30.
    private static let steepestTilt = 45.0

    /// Why images are no stack, as the end of a sentence.
    struct Fault: Error {
        let reason: String
    }

    /// - Throws: `Fault`.
    init(_ images: [DicomSlice]) throws {
        guard images.count >= Self.fewestSlices else {
            throw Fault(reason: "it has \(images.count) different images, at least \(Self.fewestSlices) are needed")
        }
        let first = try Self.requireAlike(images)
        guard let along = first.along else { preconditionFailure("DicomStack: an image without directions") }
        let normal = cross(along.x, along.y)
        // Rounded to the last digit that was written.
        let digits = images.map(\.positionDecimals).max() ?? 0
        let rounding = pow(10, -Double(max(digits, 1)))
        let sorted = images.compactMap { image in image.position.map { (image: image, at: $0, place: dot($0, normal)) } }
            .sorted { ($0.place, $0.image.file) < ($1.place, $1.image.file) }
        let spacing = try Self.requireEven(sorted.map(\.place), rounding: rounding)
        (start, step) = Self.line(sorted.map(\.at))
        slices = sorted.map(\.image)
        self.normal = normal
        try requireStraight(sorted.map(\.at), spacing: spacing, rounding: rounding)
        if let tilt = tiltDegrees, tilt > Self.steepestTilt {
            throw Fault(reason: "its slices lean by \(CTAcquisition.brief(tilt))° against their stack, which no gantry does")
        }
    }

    /// Distance between slices, mm.
    var spacing: Double { dot(step, normal) }

    /// Angle between the way from slice to slice and their normal, degrees; nil where the gantry was upright.
    var tiltDegrees: Double? {
        let sideways = length(step - normal * spacing)
        let pixel = slices[0].pixelSpacing.min() ?? 1
        guard sideways * Double(slices.count - 1) > Self.driftPixels * pixel else { return nil }
        return atan2(sideways, spacing) * 180 / .pi
    }

    /// Continuous indices (column, row, slice) → RAS mm: exact, and sheared where the gantry was tilted.
    var voxelToWorld: Affine3 {
        let first = slices[0]
        guard let along = first.along else { preconditionFailure("DicomStack: a slice without directions") }
        let mirror: Point3 = [-1, -1, 1]
        return Affine3(
            columnX: along.x * first.pixelSpacing[1] * mirror, columnY: along.y * first.pixelSpacing[0] * mirror, columnZ: step * mirror,
            translation: start * mirror)
    }

    // MARK: Checks

    /// Size, direction and kernel are those of the first image, which is returned.
    private static func requireAlike(_ images: [DicomSlice]) throws -> DicomSlice {
        guard let first = images.first, let along = first.along, (2...65_535).contains(first.rows), (2...65_535).contains(first.columns),
            first.pixelSpacing.count == 2, first.pixelSpacing.allSatisfy({ (0.001...100).contains($0) })
        else { throw Fault(reason: "its images do not say how large their pixels are or how they lie in the patient") }
        let pixel = min(first.pixelSpacing[0], first.pixelSpacing[1])
        let (width, height) = (first.pixelSpacing[1] * Double(first.columns), first.pixelSpacing[0] * Double(first.rows))
        for image in images {
            // The far corner may differ by a fraction of a pixel: sizes and directions are written with few digits, too.
            let sameSize =
                image.rows == first.rows && image.columns == first.columns && image.pixelSpacing.count == 2
                && abs(image.pixelSpacing[1] * Double(first.columns) - width) < besideFraction * pixel
                && abs(image.pixelSpacing[0] * Double(first.rows) - height) < besideFraction * pixel
            guard sameSize else { throw Fault(reason: "its images differ in size or in the size of their pixels") }
            guard let other = image.along, image.position != nil,
                length(other.x - along.x) * width + length(other.y - along.y) * height < 2 * besideFraction * pixel
            else { throw Fault(reason: "its images lie in different directions, or do not say where they lie") }
            guard image.kernel == first.kernel else {
                throw Fault(
                    reason: "its images were reconstructed with different kernels (\(first.kernel ?? "none"), \(image.kernel ?? "none"))")
            }
        }
        return first
    }

    /// - Parameter places: rising, mm along the normal.
    /// - Returns: the usual distance, mm.
    private static func requireEven(_ places: [Double], rounding: Double) throws -> Double {
        let gaps = zip(places.dropFirst(), places).map { $0 - $1 }
        if let index = gaps.firstIndex(where: { $0 < sameMillimetres }) {
            let count = gaps.count { $0 < sameMillimetres }
            throw Fault(
                reason: "\(counted(count, "image")) lie where another one does, the first at \(CTAcquisition.brief(places[index])) mm: "
                    + "two scans or reconstructions are mixed")
        }
        let median = gaps.sorted()[gaps.count / 2]
        func tolerance(_ usual: Double) -> Double { unevenFraction * usual + min(rounding, roundingFraction * usual) + 1e-9 }
        let narrow = gaps.filter { $0 <= median + tolerance(median) }
        let usual = narrow.reduce(0, +) / Double(narrow.count)
        let wide = gaps.indices.filter { gaps[$0] > usual + tolerance(usual) }
        if !wide.isEmpty, gaps.allSatisfy({ abs($0 - ($0 / usual).rounded() * usual) <= tolerance(usual) }) {
            let missing = Int(min(wide.map { (gaps[$0] / usual).rounded() - 1 }.reduce(0, +), 1e9))
            throw Fault(
                reason:
                    "\(counted(missing, "slice")) missing, the first after \(CTAcquisition.brief(places[wide[0]])) mm, where the next slice "
                    + "comes \(CTAcquisition.brief(gaps[wide[0]])) mm further instead of \(CTAcquisition.brief(usual)); export the series again"
            )
        }
        guard wide.isEmpty, gaps.allSatisfy({ $0 >= usual - tolerance(usual) }) else {
            let (least, most) = (CTAcquisition.brief(gaps.min() ?? 0), CTAcquisition.brief(gaps.max() ?? 0))
            throw Fault(reason: "its slices are unevenly spaced, \(least) to \(most) mm apart")
        }
        return usual
    }

    /// Every slice lies on the line: a tilted gantry moves each sideways by the same amount, an upright one by none.
    private func requireStraight(_ positions: [Point3], spacing: Double, rounding: Double) throws {
        let pixel = slices[0].pixelSpacing.min() ?? 1
        let rounded = min(rounding, Self.roundingFraction * spacing)
        for (index, position) in positions.enumerated() {
            let off = position - start - step * Double(index)
            let across = dot(off, normal)
            guard abs(across) <= 4 * Self.unevenFraction * spacing + rounded else {
                throw Fault(reason: "its slices are unevenly spaced: \(slices[index].name) lies \(CTAcquisition.brief(abs(across))) mm off")
            }
            guard length(off - normal * across) <= Self.besideFraction * pixel + rounded else {
                throw Fault(reason: "its slices are shifted sideways against each other unevenly, the first is \(slices[index].name)")
            }
        }
    }

    /// The line start + step · index that fits points best.
    private static func line(_ points: [Point3]) -> (start: Point3, step: Point3) {
        let count = Double(points.count)
        let middle = (count - 1) / 2
        let mean = points.reduce(.zero, +) / count
        var (sum, squares) = (Point3.zero, 0.0)
        for (index, point) in points.enumerated() {
            let offset = Double(index) - middle
            sum += (point - mean) * offset
            squares += offset * offset
        }
        let step = sum / squares
        return (mean - step * middle, step)
    }

    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
