import Cohorts
import Foundation
import SessionFormat

extension SessionFolder {
    /// A prepared cohort for this session, patches and all.
    /// - Parameter folder: nil for the cohort that the session was begun with.
    /// - Throws: where it cannot be read, or was prepared with another atlas than the session's.
    package func cohort(at folder: URL? = nil) throws -> PreparedCohort {
        let description = try SessionDescription.read(self)
        let cohort = try PreparedCohort(folder ?? description.cohortFolder(self))
        try description.requireAtlas(cohort.atlas.checksum, ofCohort: cohort.folder, in: self)
        return cohort
    }

    /// The same without the patches: subjects, images and atlas.
    package func catalogue(at folder: URL? = nil) throws -> CohortCatalogue {
        let description = try SessionDescription.read(self)
        let catalogue = try CohortCatalogue(folder ?? description.cohortFolder(self))
        try description.requireAtlas(catalogue.atlas.checksum, ofCohort: catalogue.folder, in: self)
        return catalogue
    }
}
