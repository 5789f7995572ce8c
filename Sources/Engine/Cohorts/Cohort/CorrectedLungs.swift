import Foundation
import Foundations
import Imaging

/// What is done to the list of a subject's lung corrections.
package enum LungCorrectionChange: Equatable, Sendable {
    case add(LungCorrection)
    case removeLast
    case removeAll
}

/// What a reader did to the lungs of one subject of a prepared cohort.
///
/// `corrected/<id>.json` lists the corrections with the checksum of the scan that they were made on, `corrected/<id>.nii.gz` is what they give
/// (labels as `LungCorrection` has them), and `automatic/<id>.nii.gz` what they start from. The list and the start are what counts: the result is
/// made again from them where it is gone.
struct CorrectedLungs: Codable, Equatable {
    static let currentFormat = 1
    private(set) var format = currentFormat
    /// The scan: a file, or a folder of slices.
    let image: FileStamp
    /// Checksum of `automatic/<id>.nii.gz`.
    let automatic: String
    /// Checksum of `corrected/<id>.nii.gz`; nil where every correction was taken back.
    private(set) var mask: String?
    private(set) var steps: [LungCorrection]

    /// Reads a subject's list; nil where there is none.
    /// - Throws: `Failure` where it is damaged, or of another version.
    static func read(_ id: String, in folder: PreparedFolder) throws -> CorrectedLungs? {
        let file = folder.corrections(id)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        guard let data = try? Data(contentsOf: file), Seal.holds(data),
            let found = try? JSONDecoder().decode(CorrectedLungs.self, from: data)
        else {
            throw Failure("the lung corrections in \(file.path) are damaged: delete that file, then correct the lungs of \(id) again")
        }
        guard found.format == currentFormat else {
            throw Failure("\(file.path) has format \(found.format), expected \(currentFormat); use the newer workbench that wrote it")
        }
        return found
    }

    /// Begins a list on a scan with the mask that is to be corrected.
    private init(image: FileStamp, automatic: Volume<UInt8>, _ id: String, in folder: PreparedFolder) throws {
        try NiftiFile.write(automatic, to: folder.automatic(id))
        self.image = image
        self.automatic = try Checksum.sha256(of: folder.automatic(id))
        steps = []
    }

    /// The corrected mask; the automatic one where nothing is corrected any more.
    /// - Parameter ct: the scan, whose grid it must have.
    /// - Throws: `Failure` where what it is made from is damaged or belongs to another grid.
    func read(_ id: String, matching ct: Volume<Int16>, in folder: PreparedFolder) throws -> Volume<UInt8> {
        if let mask, (try? Checksum.sha256(of: folder.corrected(id))) == mask { return try Self.labels(folder.corrected(id), ct) }
        guard (try? Checksum.sha256(of: folder.automatic(id))) == automatic else {
            throw Failure(
                "\(folder.automatic(id).path), which the lung corrections of \(id) start from, is gone or damaged: delete \(folder.corrections(id).path), then correct them again"
            )
        }
        return try steps.reduce(try Self.labels(folder.automatic(id), ct)) { try $1.applied(to: $0) }
    }

    private static func labels(_ file: URL, _ ct: Volume<Int16>) throws -> Volume<UInt8> {
        let advice = "delete it and correct the lungs again"
        let found = try LungMask.readKept(file, most: LungCorrection.doubtful, advice: advice)
        guard found.sharesGrid(with: ct) else { throw Failure("\(file.path) is on another grid than its scan: \(advice)") }
        return found
    }

    /// What a preparation says where they do not count.
    static let otherScan = "its lungs were corrected on another scan: those corrections are left out"

    /// Changes a subject's list and writes it and what it gives, so that at any moment what is on disk is whole.
    /// - Parameters:
    ///   - image: the scan as it is now.
    ///   - shown: the mask that the reader sees, which a first correction starts from; on the scan's grid.
    /// - Returns: the corrected mask, and how many corrections it has.
    /// - Throws: `Failure` where the corrections were made on another scan, or this one cannot be made.
    static func change(
        _ change: LungCorrectionChange, _ id: String, image: FileStamp, shown: Volume<UInt8>, ct: Volume<Int16>, in folder: PreparedFolder
    ) throws -> (mask: Volume<UInt8>, count: Int) {
        var list = try read(id, in: folder)
        if let known = list, known.image.checksum != image.checksum {
            guard change == .removeAll else {
                throw Failure("the lungs of \(id) were corrected on another scan than it has now: take those corrections back first")
            }
            try remove(id, in: folder)
            return (shown, 0)
        }
        guard change != .removeAll || list != nil, change != .removeLast || list?.steps.isEmpty == false else {
            throw Failure("the lungs of \(id) are not corrected: there is nothing to take back")
        }
        var corrected: Volume<UInt8>
        switch change {
        case .add(let step):
            // Before anything is written: a correction that cannot be made leaves nothing behind.
            corrected = try step.applied(to: try list.map { try $0.read(id, matching: ct, in: folder) } ?? shown)
            if list == nil { list = try CorrectedLungs(image: image, automatic: shown, id, in: folder) }
            list?.steps.append(step)
        case .removeLast, .removeAll:
            let count = change == .removeAll ? list?.steps.count ?? 0 : 1
            list?.steps.removeLast(count)
            list?.mask = nil
            corrected = try list.map { try $0.read(id, matching: ct, in: folder) } ?? shown
        }
        if list?.steps.isEmpty == true {
            list?.mask = nil
        } else {
            try NiftiFile.write(corrected, to: folder.corrected(id))
            list?.mask = try Checksum.sha256(of: folder.corrected(id))
        }
        try PreparedFolder.writeJSON(list, to: folder.corrections(id))
        return (corrected, list?.steps.count ?? 0)
    }

    /// Removes everything of a subject's corrections.
    static func remove(_ id: String, in folder: PreparedFolder) throws {
        // The list last: what is left without it is nobody's.
        for file in [folder.corrected(id), folder.automatic(id), folder.corrections(id)] {
            guard unlink(file.path) == 0 || errno == ENOENT else { throw Failure.system("remove \(file.path)") }
        }
    }
}
