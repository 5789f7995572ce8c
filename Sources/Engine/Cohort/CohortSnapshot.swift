/// One subject of a cohort that is being prepared, or was.
public struct CohortSubject: Equatable, Sendable {
    public var id: String
    /// True while it is being worked on.
    public var isAtWork = false
    /// Nil until it is done.
    public var outcome: SubjectOutcome?
    public var review: CohortReview.Entry?
    /// Corrections of its lungs.
    public var corrections = 0

    public init(
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
public struct CohortSnapshot: Equatable, Sendable {
    /// In the manifest's order.
    public var subjects: [CohortSubject]
    /// True while a process prepares it.
    public var isRunning: Bool
    /// Landmarks brought into order so far, of how many; nil before that stage.
    public var patches: (done: Int, total: Int)?
    /// Why the last run failed.
    public var fault: String?
    /// True where reviews changed since the patches were written: they take effect at the next run.
    public var needsRun: Bool

    public init(
        subjects: [CohortSubject], isRunning: Bool = false, patches: (done: Int, total: Int)? = nil, fault: String? = nil,
        needsRun: Bool = false
    ) {
        self.subjects = subjects
        self.isRunning = isRunning
        self.patches = patches
        self.fault = fault
        self.needsRun = needsRun
    }

    public static func == (a: CohortSnapshot, b: CohortSnapshot) -> Bool {
        a.subjects == b.subjects && a.isRunning == b.isRunning && a.fault == b.fault && a.needsRun == b.needsRun
            && a.patches?.done == b.patches?.done && a.patches?.total == b.patches?.total
    }
}

/// A subject's scan with what its quality is judged by, all on the CT's grid.
public struct CohortVolumes: Sendable {
    /// HU.
    public var ct: Volume<Int16>
    /// 1 right, 2 left, 3 what may not be lung; as the reader corrected it. Also of a refused subject, to see why.
    public var lungs: Volume<UInt8>?
    /// Corrections of the lungs that are in them.
    public var corrections = 0
    /// Why corrections that there are do not show.
    public var correctionFault: String?
    /// Of the scan when it was read.
    var imageTimes: FileTimes?
    /// The atlas's lungs after registration; nil where there is none.
    public var atlasLungs: Volume<UInt8>?
    /// Centres of the patches, continuous voxels of the CT.
    public var landmarks: [Point3]

    public init(ct: Volume<Int16>, lungs: Volume<UInt8>? = nil, atlasLungs: Volume<UInt8>? = nil, landmarks: [Point3] = []) {
        self.ct = ct
        self.lungs = lungs
        self.atlasLungs = atlasLungs
        self.landmarks = landmarks
    }
}
