import Foundation

/// One complete CT series: its slices in the order of their places, evenly spaced, without copies.
struct DicomSeries {
    /// From the first place along the normal to the last.
    let slices: [DicomSlice]
    /// Direction in which slices follow each other across their planes, LPS.
    let normal: Point3
    /// From a slice's first pixel to the next one's, LPS mm; leans against the normal where the gantry was tilted.
    let step: Point3
    /// What was left out or is unusual, in sentences.
    private(set) var notes: [String]

    /// Fewer images are no volume.
    private static let fewestSlices = 4
    /// Slices at most this far apart are at the same place, mm.
    private static let sameMillimetres = 0.01
    /// A distance between slices may differ from the usual one by this fraction.
    private static let unevenFraction = 0.02
    /// Slices drift sideways by at most this in the whole of an upright series, in pixels.
    private static let driftPixels = 0.5

    /// Finds the one series among the files of a folder.
    /// - Parameters:
    ///   - number: the series to take where there are several.
    ///   - folder: what messages call the place.
    /// - Throws: `Failure` that says what keeps the files from being one complete CT series.
    init(of files: [DicomSlice], number: Int?, folder: String) throws {
        func refuse(_ reason: String) -> Failure { Failure("\(folder) is not one complete CT series: \(reason)") }
        var notes: [String] = []
        var images = try Self.images(files, &notes, refuse)
        images = try Self.oneSeries(images, number: number, &notes, refuse)
        images = Self.distinct(images, &notes)
        guard images.count >= Self.fewestSlices else {
            throw refuse("it has \(images.count) different images, at least \(Self.fewestSlices) are needed")
        }
        guard let first = images.first, let along = first.along, first.rows > 1, first.columns > 1, first.pixelSpacing.count == 2,
            first.pixelSpacing.allSatisfy({ $0 > 0 })
        else { throw refuse("its images do not say how large their pixels are or how they lie in the patient") }
        for image in images {
            guard image.rows == first.rows, image.columns == first.columns, image.pixelSpacing == first.pixelSpacing else {
                throw refuse("its images differ in size or in the size of their pixels; export one series alone")
            }
            guard let other = image.along, dot(other.x, along.x) > 0.9999, dot(other.y, along.y) > 0.9999, image.position != nil else {
                throw refuse("its images lie in different directions, or do not say where they lie; export one series alone")
            }
            guard image.kernel == first.kernel else {
                throw refuse("its images were reconstructed with different kernels (\(first.kernel ?? "none"), \(image.kernel ?? "none"))")
            }
        }
        let normal = cross(along.x, along.y)
        func place(_ image: DicomSlice) -> Double { image.position.map { dot($0, normal) } ?? 0 }
        images.sort { place($0) < place($1) }
        try Self.requireEven(images.map(place), refuse)

        guard let start = images[0].position, let end = images[images.count - 1].position else { throw refuse("it has no positions") }
        step = (end - start) / Double(images.count - 1)
        slices = images
        self.normal = normal
        self.notes = notes
        if tiltDegrees != nil { try Self.requireStraight(images, start: start, step: step, refuse) }
        if let thickness = first.thicknessMillimetres, spacing > thickness * 1.01 {
            self.notes.append(
                "slices are \(Self.brief(thickness)) mm thick but \(Self.brief(spacing)) mm apart: what lies between was not scanned")
        }
        if Self.lossySyntaxes.contains(first.transferSyntax) {
            self.notes.append("the images were compressed with loss: their HU are altered")
        }
        if let tilt = tiltDegrees {
            self.notes.append("the gantry was tilted by \(Self.brief(tilt))°: the slices were brought upright by interpolation")
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
        guard let along = first.along, let position = first.position else { preconditionFailure("DicomSeries: a slice without a place") }
        let mirror: Point3 = [-1, -1, 1]
        return Affine3(
            columnX: along.x * first.pixelSpacing[1] * mirror, columnY: along.y * first.pixelSpacing[0] * mirror, columnZ: step * mirror,
            translation: position * mirror)
    }

    var acquisition: CTAcquisition {
        let first = slices[0]
        let contrast = slices.lazy.compactMap(\.contrastAgent).first
        return CTAcquisition(
            kernel: first.kernel, sliceThicknessMillimetres: first.thicknessMillimetres,
            sliceSpacingMillimetres: (spacing * 1e6).rounded() / 1e6, contrastAgent: contrast, manufacturer: first.manufacturer,
            model: first.model, gantryTiltDegrees: tiltDegrees.map { ($0 * 100).rounded() / 100 }, notes: notes.isEmpty ? nil : notes)
    }

    // MARK: Choosing

    private static let lossySyntaxes: Set<String> = [
        "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
    ]

    /// CT images that are no localisers.
    private static func images(_ files: [DicomSlice], _ notes: inout [String], _ refuse: (String) -> Failure) throws -> [DicomSlice] {
        let ct = files.filter { $0.kind == DicomSlice.ctImage && $0.modality == "CT" }
        guard !ct.isEmpty else {
            if files.contains(where: { DicomSlice.multiFrameCT.contains($0.kind) }) {
                throw refuse("it holds enhanced CT with many images a file, which is not read; export it as one file a slice")
            }
            let kinds = Set(files.map(\.modality)).filter { !$0.isEmpty }.sorted().joined(separator: ", ")
            throw refuse("it holds no CT images\(kinds.isEmpty ? "" : ", but \(kinds)")")
        }
        let others = files.count - ct.count
        if others > 0 { notes.append("\(counted(others, "DICOM file")) that hold no CT image were left out") }
        let images = ct.filter { !$0.isLocaliser }
        guard !images.isEmpty else { throw refuse("it holds nothing but localisers (\(counted(ct.count, "image")))") }
        if images.count < ct.count { notes.append("\(counted(ct.count - images.count, "localiser")) left out") }
        return images
    }

    private static func oneSeries(_ images: [DicomSlice], number: Int?, _ notes: inout [String], _ refuse: (String) -> Failure) throws
        -> [DicomSlice]
    {
        let all = Dictionary(grouping: images, by: \.series).values.sorted {
            ($0[0].seriesNumber ?? 0, $0[0].series) < ($1[0].seriesNumber ?? 0, $1[0].series)
        }
        func describe(_ series: [DicomSlice]) -> String {
            let first = series[0]
            let details = [
                counted(series.count, "image"), first.thicknessMillimetres.map { "\(brief($0)) mm" }, first.kernel,
                first.contrastAgent.map { "with \($0)" },
            ]
            return "\(first.seriesNumber.map(String.init) ?? "without a number") (\(details.compactMap { $0 }.joined(separator: ", ")))"
        }
        let list = all.map(describe).joined(separator: "; ")
        if let number {
            let chosen = all.filter { $0[0].seriesNumber == number }
            guard chosen.count == 1 else {
                throw refuse("it holds \(chosen.isEmpty ? "no" : "more than one") series \(number); there are: \(list)")
            }
            return chosen[0]
        }
        // Protocol pages and dose images come as series of one or two.
        let volumes = all.filter { $0.count >= fewestSlices }
        guard volumes.count <= 1 else {
            throw refuse("it holds \(volumes.count) CT series: \(list); keep one, or name it with `workbench import --series`")
        }
        guard let volume = volumes.first else { return all.max { $0.count < $1.count } ?? [] }
        if all.count > 1 { notes.append("\(counted(images.count - volume.count, "image")) of other series left out") }
        return volume
    }

    /// Copies of a file are taken once.
    private static func distinct(_ images: [DicomSlice], _ notes: inout [String]) -> [DicomSlice] {
        var seen = Set<String>()
        let distinct = images.filter { $0.instance.isEmpty || seen.insert($0.instance).inserted }
        let copies = images.count - distinct.count
        if copies > 0 { notes.append("\(copies == 1 ? "1 copy" : "\(copies) copies") of images left out") }
        return distinct
    }

    // MARK: Spacing

    /// - Parameter places: rising, mm along the normal.
    private static func requireEven(_ places: [Double], _ refuse: (String) -> Failure) throws {
        let gaps = zip(places.dropFirst(), places).map { $0 - $1 }
        if let index = gaps.firstIndex(where: { $0 < sameMillimetres }) {
            let count = gaps.count { $0 < sameMillimetres }
            throw refuse(
                "\(counted(count, "image")) lie where another one does, the first at \(brief(places[index])) mm: "
                    + "two scans or reconstructions are mixed; export one series alone")
        }
        let usual = gaps.sorted()[gaps.count / 2]
        let tolerance = max(unevenFraction * usual, sameMillimetres)
        let wide = gaps.indices.filter { gaps[$0] > usual + tolerance }
        if !wide.isEmpty, gaps.allSatisfy({ abs($0 - ($0 / usual).rounded() * usual) <= tolerance }) {
            let missing = wide.map { Int((gaps[$0] / usual).rounded()) - 1 }.reduce(0, +)
            let from = brief(places[wide[0]])
            throw refuse(
                "\(counted(missing, "slice")) missing, the first after \(from) mm, where the next slice comes "
                    + "\(brief(gaps[wide[0]])) mm further instead of \(brief(usual)); export the series again")
        }
        guard wide.isEmpty, gaps.allSatisfy({ $0 >= usual - tolerance }) else {
            throw refuse("its slices are unevenly spaced, \(brief(gaps.min() ?? 0)) to \(brief(gaps.max() ?? 0)) mm apart")
        }
    }

    /// A tilted gantry moves every slice sideways by the same amount.
    private static func requireStraight(_ images: [DicomSlice], start: Point3, step: Point3, _ refuse: (String) -> Failure) throws {
        for (index, image) in images.enumerated() {
            guard let position = image.position, length(position - start - step * Double(index)) < 0.1 else {
                throw refuse("its slices are shifted sideways against each other unevenly")
            }
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
    static func brief(_ value: Double) -> String { CTAcquisition.brief(value) }
}
