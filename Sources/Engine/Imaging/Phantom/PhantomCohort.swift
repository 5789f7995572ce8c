import Foundation
import Foundations

/// Writes a phantom cohort: `cohort.csv`, `boxes.csv`, `atlas.lungs.nii.gz`, `atlas.ct.nii.gz` and for each subject `<id>.ct.nii.gz`,
/// `<id>.lungs.nii.gz`, `<id>.cle.nii.gz` and `<id>.paraseptal.nii.gz`; `phantom.json` says that they are phantoms.
package enum PhantomCohort {
    /// One subject as reported.
    package struct Summary: Sendable {
        package let subject: String
        package let grade: EmphysemaGrade
        package let extent: EmphysemaExtent
        /// Right and left lung of the truth, mL.
        package let rightMillilitres, leftMillilitres: Double
        package let boxes: Int
    }

    /// - Parameter progress: called with subjects done, in any order but one call at a time.
    /// - Throws: `Failure` where a file cannot be written.
    package static func write(
        _ phantom: ThoraxPhantom, subjects: Int, to folder: URL, parallel: Parallel, progress: @escaping @Sendable (Int) -> Void
    ) throws -> [Summary] {
        // From the first moment on, so that an interrupted run can be made again.
        if !FileManager.default.fileExists(atPath: Mark.file(folder).path) { try AtomicFile.write(Mark().data, to: Mark.file(folder)) }
        let atlas = phantom.atlasScan(parallel: parallel)
        try AtomicFile.replace(["lungs", "ct"].map { folder.appendingPathComponent("atlas.\($0).nii.gz") }) { places in
            try NiftiFile.writeNew(atlas.lungs, to: places[0], called: folder.appendingPathComponent("atlas.lungs.nii.gz"))
            try NiftiFile.writeNew(atlas.image, to: places[1], called: folder.appendingPathComponent("atlas.ct.nii.gz"))
        }
        // Subjects side by side where there are enough of them, else threads within a subject.
        let inner = Parallel(threads: subjects >= parallel.threads ? 1 : parallel.threads)
        let outer = Parallel(threads: subjects >= parallel.threads ? parallel.threads : 1)
        let done = ProgressCount(progress)
        let written = try outer.map(subjects) { index in
            let subject = phantom.subject(index, parallel: inner)
            try write(subject.scan, id: subject.id, to: folder)
            done.add()
            let rows = subject.boxes.map {
                [subject.id, $0.kind.rawValue] + [$0.centre.x, $0.centre.y, $0.centre.z].map { String(format: "%.1f", $0) }
            }
            return (summary: summary(subject), labels: subject.labels, boxes: rows)
        }
        let rows = written.map { entry in
            let id = entry.summary.subject
            return [id, "\(id).ct.nii.gz"] + entry.labels.values.map { number($0) }
        }
        let tables = [
            ("boxes.csv", CSVTable.text(columns: ["subject", "subtype", "x", "y", "z"], rows: written.flatMap(\.boxes))),
            ("cohort.csv", CSVTable.text(columns: ["subject", "image"] + PhantomLabels.names, rows: rows)),
        ].map { (file: folder.appendingPathComponent($0), data: Data($1.utf8)) }
        var mark = Mark()
        for (file, data) in tables { mark.tables[file.lastPathComponent] = Checksum.sha256(data) }
        let files = try tables + [(Mark.file(folder), mark.data)]
        try AtomicFile.replace(files.map(\.file)) { places in
            for (place, (file, data)) in zip(places, files) { try AtomicFile.writeNew(data, to: place, called: file) }
        }
        return written.map(\.summary)
    }

    private static func write(_ scan: PhantomScan, id: String, to folder: URL) throws {
        let files = ["ct", "lungs", "cle", "paraseptal"].map { folder.appendingPathComponent("\(id).\($0).nii.gz") }
        try AtomicFile.replace(files) { places in
            try NiftiFile.writeNew(scan.image, to: places[0], called: files[0])
            for (index, mask) in [scan.lungs, scan.centrilobular, scan.paraseptal].enumerated() {
                try NiftiFile.writeNew(mask, to: places[index + 1], called: files[index + 1])
            }
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(format: "%.3f", value)
    }

    private static func summary(_ subject: PhantomSubject) -> Summary {
        let millilitres = subject.scan.lungs.voxelVolume / 1000
        var counts = [0, 0, 0]
        for label in subject.scan.lungs.voxels { counts[Int(label)] += 1 }
        return Summary(
            subject: subject.id, grade: subject.grade, extent: EmphysemaExtent(subject.scan),
            rightMillilitres: Double(counts[1]) * millilitres,
            leftMillilitres: Double(counts[2]) * millilitres, boxes: subject.boxes.count)
    }
}
