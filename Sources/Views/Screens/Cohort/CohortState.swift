import Cohorts
import Foundations
import Imaging

/// The cohort screen: subjects, how their preparation went, and the one that is looked at.
package struct CohortState: Equatable, Sendable {
    package var snapshot = CohortSnapshot(subjects: [])
    package var isListed = false
    package var loaded: LoadedCohortSubject?
    /// The subject being read.
    package var loading: String?
    /// The subject whose scan could not be read, and why.
    package var complaint: (id: String, sentence: String)?
    package var showsLungs = true
    package var showsAtlas = true
    package var showsLandmarks = true
    /// The change of the lungs that is being made.
    package var correcting: Correcting?

    package struct Correcting: Equatable, Sendable {
        var change: LungCorrectionChange
        /// What it does, once it is done.
        var words: String
    }
    var lastListed = -Double.infinity

    /// Whether what was read of a subject is to be shown: where another one was wished for meanwhile, it is not.
    func isWanted(_ id: String) -> Bool { (loading ?? loaded?.id).map { $0 == id } ?? true }

    package static func == (a: CohortState, b: CohortState) -> Bool {
        a.snapshot == b.snapshot && a.isListed == b.isListed && a.loaded == b.loaded && a.loading == b.loading
            && a.complaint?.id == b.complaint?.id && a.complaint?.sentence == b.complaint?.sentence && a.showsLungs == b.showsLungs
            && a.correcting == b.correcting && a.showsAtlas == b.showsAtlas && a.showsLandmarks == b.showsLandmarks
            && a.lastListed == b.lastListed
    }
}

/// Where the cohort screen gets its subjects from, and what it may change.
package protocol CohortSource: Sendable {
    /// How things stand. Cheap: called every second while the screen is shown.
    func snapshot() throws -> CohortSnapshot
    /// Reads a subject's volumes; takes seconds, so it is called off the interface's thread.
    /// - Parameter isWanted: asked between files; where it says no, the reading ends with `CancellationError`.
    func volumes(_ subject: String, isWanted: @Sendable () -> Bool) throws -> CohortVolumes
    /// The times of the files that a subject is read from.
    func times(_ subject: String) -> FileTimes
    /// Records what the user thinks of a subject; nil takes it back.
    func review(_ subject: String, _ entry: CohortReview.Entry?) throws
    /// Changes the corrections of a subject's lungs; takes a while, so it is called off the interface's thread.
    /// - Returns: the subject that is shown, with its lungs as they are now.
    func correct(_ subject: String, _ change: LungCorrectionChange, _ shown: CohortVolumes) throws -> CohortVolumes
    /// Prepares the cohort again in the background, these subjects from the start.
    func prepareAgain(_ subjects: [String]) throws
}

extension CohortBrowser: CohortSource {}

/// A subject of the cohort, ready to show. Immutable and shared; two are equal when they are the same one.
package final class LoadedCohortSubject: Equatable, Sendable {
    package let subject: LoadedSubject
    package let volumes: CohortVolumes
    /// Of the lung mask, by label.
    package let millilitres: [Double]

    package var id: String { subject.id }
    package var axes: AnatomicalAxes { subject.axes }

    package init(id: String, _ volumes: CohortVolumes) throws {
        subject = try LoadedSubject(id: id, SubjectVolumes(ct: volumes.ct, lungs: volumes.lungs))
        self.volumes = volumes
        var counts = [Int](repeating: 0, count: 256)
        for label in volumes.lungs?.voxels ?? [] { counts[Int(label)] += 1 }
        millilitres = counts.prefix(Int(LungCorrection.doubtful) + 1).map { Double($0) * volumes.ct.voxelVolume / 1000 }
    }

    package static func == (a: LoadedCohortSubject, b: LoadedCohortSubject) -> Bool { a === b }
}
