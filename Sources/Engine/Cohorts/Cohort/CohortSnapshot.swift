import Foundations
import Imaging

/// One subject of a cohort that is being prepared, or was.
package struct CohortSubject: Equatable, Sendable {
    package var id: String
    /// True while it is being worked on.
    package var isAtWork = false
    /// Nil until it is done.
    package var outcome: SubjectOutcome?
    package var review: CohortReview.Entry?
    /// Corrections of its lungs.
    package var corrections = 0

    package init(
        id: String, isAtWork: Bool = false, outcome: SubjectOutcome? = nil, review: CohortReview.Entry? = nil, corrections: Int = 0
    ) {
        self.corrections = corrections
        self.id = id
        self.isAtWork = isAtWork
        self.outcome = outcome
        self.review = review
    }
}

/// How a cohort's preparation stands.
package struct CohortSnapshot: Equatable, Sendable {
    /// In the manifest's order.
    package var subjects: [CohortSubject]
    /// True while a process prepares it.
    package var isRunning: Bool
    /// Landmarks brought into order so far, of how many; nil before that stage.
    package var patches: (done: Int, total: Int)?
    /// Why the last run failed.
    package var fault: String?
    /// True where reviews changed since the patches were written: they take effect at the next run.
    package var needsRun: Bool

    package init(
        subjects: [CohortSubject], isRunning: Bool = false, patches: (done: Int, total: Int)? = nil, fault: String? = nil,
        needsRun: Bool = false
    ) {
        self.subjects = subjects
        self.isRunning = isRunning
        self.patches = patches
        self.fault = fault
        self.needsRun = needsRun
    }

    package static func == (a: CohortSnapshot, b: CohortSnapshot) -> Bool {
        a.subjects == b.subjects && a.isRunning == b.isRunning && a.fault == b.fault && a.needsRun == b.needsRun
            && a.patches?.done == b.patches?.done && a.patches?.total == b.patches?.total
    }
}

/// A subject's scan with what its quality is judged by, all on the CT's grid.
package struct CohortVolumes: Sendable {
    /// HU.
    package var ct: Volume<Int16>
    /// 1 right, 2 left, 3 what may not be lung; as the reader corrected it. Also of a refused subject, to see why.
    package var lungs: Volume<UInt8>?
    /// Corrections of the lungs that are in them.
    package var corrections = 0
    /// Why corrections that there are do not show.
    package var correctionFault: String?
    /// Of the scan when it was read.
    var imageTimes: FileTimes?
    /// The atlas's lungs after registration; nil where there is none.
    package var atlasLungs: Volume<UInt8>?
    /// Centres of the patches, continuous voxels of the CT.
    package var landmarks: [Point3]

    package init(ct: Volume<Int16>, lungs: Volume<UInt8>? = nil, atlasLungs: Volume<UInt8>? = nil, landmarks: [Point3] = []) {
        self.ct = ct
        self.lungs = lungs
        self.atlasLungs = atlasLungs
        self.landmarks = landmarks
    }
}
