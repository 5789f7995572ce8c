import Foundation
import Foundations

extension SessionDescription {
    /// Refuses a cohort of another atlas: its landmarks are others.
    /// - Parameter checksum: of the atlas that the cohort was prepared with.
    package func requireAtlas(_ checksum: String, ofCohort folder: URL, in session: SessionFolder) throws {
        guard checksum == atlas else {
            throw Failure(
                "\(folder.path) was prepared with another atlas than the session \(session.name); prepare it with \(session.atlas.path)")
        }
    }
}
