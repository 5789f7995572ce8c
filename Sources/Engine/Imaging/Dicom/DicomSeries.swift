import Foundation
import Foundations

/// One complete CT series: its slices in the order of their places, evenly spaced, without copies, with pixels that can be read as HU.
struct DicomSeries {
    let stack: DicomStack
    /// What was left out or is unusual, in sentences.
    private(set) var notes: [String]

    var slices: [DicomSlice] { stack.slices }

    /// Finds the one series among the files of a folder.
    /// - Parameters:
    ///   - number: the series to take where there are several.
    ///   - volume: the volume to take, from 1, where a series holds several.
    ///   - folder: what messages call the place.
    /// - Throws: `Failure` that says what keeps the files from being one complete CT series.
    init(of files: [DicomSlice], number: Int?, volume: Int? = nil, folder: String) throws {
        func refuse(_ reason: String) -> Failure { Failure("\(folder) is not one complete CT series: \(reason)") }
        var notes: [String] = []
        var images = try Self.images(files, &notes, refuse)
        images = try Self.oneSeries(images, number: number, &notes, refuse)
        images = try Self.distinct(images, &notes, refuse)
        stack = try DicomVolumes.choose(images, volume: volume, refuse)
        try Self.requireReadable(stack.slices, refuse)

        let first = stack.slices[0]
        let spacing = stack.spacing
        if let thickness = first.thicknessMillimetres, spacing > thickness * 1.01 {
            notes.append(
                "slices are \(Self.brief(thickness)) mm thick but \(Self.brief(spacing)) mm apart: what lies between was not scanned")
        }
        if stack.slices.contains(where: { DicomCompression.lossy.contains($0.transferSyntax) }) {
            notes.append("the images were compressed with loss: their HU are altered")
        }
        if stack.slices.contains(where: \.isDerived) {
            notes.append("the images were derived from others (image type \(first.imageType.joined(separator: "/"))), not as reconstructed")
        }
        if let tilt = stack.tiltDegrees {
            notes.append("the gantry was tilted by \(Self.brief(tilt))°: the slices were brought upright by interpolation")
        }
        self.notes = notes
    }

    /// How it was acquired, without what the pixels say.
    var acquisition: CTAcquisition {
        let first = slices[0]
        let contrast = slices.lazy.compactMap(\.contrastAgent).first
        return CTAcquisition(
            kernel: first.kernel, sliceThicknessMillimetres: first.thicknessMillimetres,
            sliceSpacingMillimetres: (stack.spacing * 1e6).rounded() / 1e6, contrastAgent: contrast, manufacturer: first.manufacturer,
            model: first.model, gantryTiltDegrees: stack.tiltDegrees.map { ($0 * 100).rounded() / 100 },
            notes: notes.isEmpty ? nil : notes)
    }

    // MARK: Choosing

    /// CT images that are neither localisers nor projections.
    private static func images(_ files: [DicomSlice], _ notes: inout [String], _ refuse: (String) -> Failure) throws -> [DicomSlice] {
        let ct = files.filter { $0.kind == DicomSlice.ctImage && $0.modality == "CT" }
        guard !ct.isEmpty else {
            if files.contains(where: { DicomSlice.multiFrameCT.contains($0.kind) }) {
                throw refuse("it holds enhanced CT with many images a file, which is not read; export it as one file a slice")
            }
            if files.contains(where: { $0.kind.hasPrefix(DicomSlice.screenPictures) }) {
                throw refuse("it holds pictures of a screen (secondary capture), which have no HU; export the original slices")
            }
            let kinds = Set(files.map(\.modality)).filter { !$0.isEmpty }.sorted().joined(separator: ", ")
            throw refuse("it holds no CT images\(kinds.isEmpty ? "" : ", but \(kinds)")")
        }
        let others = files.count - ct.count
        if others > 0 { notes.append("\(counted(others, "DICOM file")) that hold no CT image were left out") }
        let images = ct.filter { !$0.isLocaliser }
        guard !images.isEmpty else { throw refuse("it holds nothing but localisers (\(counted(ct.count, "image")))") }
        if images.count < ct.count { notes.append("\(counted(ct.count - images.count, "localiser")) left out") }
        let measured = images.filter { $0.substitute == nil }
        if measured.count < images.count, let substitute = images.first(where: { $0.substitute != nil }) {
            let what = "\(substitute.substitute ?? "") (image type \(substitute.imageType.joined(separator: "/")))"
            if measured.isEmpty {
                throw refuse("its images are \(what), whose values are not those of the tissue; export the original slices")
            }
            notes.append("\(counted(images.count - measured.count, "image")) left out: \(what)")
        }
        if let many = measured.first(where: { $0.frames > 1 }) {
            throw refuse("\(many.name) holds \(many.frames) pictures in one file; export it as one file a slice")
        }
        return measured
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
        let volumes = all.filter { $0.count >= DicomStack.fewestSlices }
        if volumes.isEmpty, images.count >= DicomStack.fewestSlices, all.count > images.count / 2 {
            throw refuse(
                "its \(images.count) images have \(all.count) different SeriesInstanceUIDs, so that nothing says which belong together; "
                    + "export the series again, or give copies of its files one UID by: dcmodify -nb -m \"SeriesInstanceUID=2.25.1\"")
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
        guard volumes.count <= 1 else {
            throw refuse("it holds \(volumes.count) CT series: \(list); keep one, or name it with `workbench import --series`")
        }
        guard let volume = volumes.first else { return all.max { $0.count < $1.count } ?? [] }
        if all.count > 1 { notes.append("\(counted(images.count - volume.count, "image")) of other series left out") }
        return volume
    }

    /// Copies of a file are taken once; one name for images of different places names none.
    private static func distinct(_ images: [DicomSlice], _ notes: inout [String], _ refuse: (String) -> Failure) throws -> [DicomSlice] {
        var seen: [String: DicomSlice] = [:]
        var distinct: [DicomSlice] = []
        for image in images {
            guard !image.instance.isEmpty, let first = seen[image.instance] else {
                seen[image.instance] = image
                distinct.append(image)
                continue
            }
            if first.position != image.position {
                let sharing = images.count { $0.instance == image.instance }
                throw refuse(
                    "\(sharing) of its files share one SOPInstanceUID though they lie at different places, so that images cannot be told from "
                        + "copies; export the series again, or give copies of its files UIDs of their own by: dcmodify -nb -gin")
            }
        }
        let copies = images.count - distinct.count
        if copies > 0 { notes.append("\(copies == 1 ? "1 copy" : "\(copies) copies") of images left out") }
        return distinct
    }

    // MARK: Pixels

    /// The pixels can be read as HU, and in all slices in the same way.
    private static func requireReadable(_ slices: [DicomSlice], _ refuse: (String) -> Failure) throws {
        for slice in slices {
            if let fault = slice.pixels.fault { throw refuse("\(slice.name) \(fault)") }
        }
        // The way of most slices is the series'.
        for field in slices[0].pixels.layout.indices {
            let values = slices.map { $0.pixels.layout[field].value }
            let usual = Dictionary(grouping: values, by: { $0 }).max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?.key ?? 0
            if let odd = values.firstIndex(where: { $0 != usual }) {
                throw refuse(
                    "\(slices[odd].name) has the \(slices[odd].pixels.layout[field].name) \(values[odd]) where most slices have \(usual); "
                        + "its values cannot be trusted, export the series again")
            }
        }
        for (name, field) in [("rescale intercept", \DicomPixelFormat.intercept), ("rescale slope", \.slope)] {
            let without = slices.filter { $0.pixels[keyPath: field] == nil }
            if let first = without.first, without.count < slices.count {
                throw refuse(
                    "\(first.name) has no \(name)\(without.count > 1 ? ", nor have \(without.count - 1) more" : ""), but the others have: "
                        + "its HU are not known; export the series again")
            }
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String { DicomStack.counted(count, noun) }
    static func brief(_ value: Double) -> String { CTAcquisition.brief(value) }
}
