import Cohorts
import Foundations
import Imaging
import SessionFormat
import StudyResults

extension KeptFolder {
    /// Every kind of folder that the workbench keeps.
    package static let all = [
        SessionFolder.kept, PreparedFolder.kept, ExperimentFolder.kept, AtlasFolder.kept, PhantomCohort.kept, CohortManifest.kept,
    ]
}
