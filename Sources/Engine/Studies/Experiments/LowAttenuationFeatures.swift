import Cohorts
import Foundations
import Imaging

/// The two densitometric measures: LAA-950, the fraction of lung voxels below -950 HU, and Perc15, the HU below which 15 % of them lie.
package struct LowAttenuationFeatures: FeatureMethod {
    package let name = "LAA-950 + Perc15"
    private let values: [[Double]]

    /// Measures every subject in its CT's own grid.
    init(_ cohort: CohortCatalogue, parallel: Parallel) throws {
        values = try parallel.map(cohort.subjects.count) { index in
            let subject = cohort.subjects[index]
            let ct = try NiftiFile.readCT(subject.image)
            let lungs = try subject.readLungs()
            var counts = Densitometry.noCounts
            for (voxel, label) in lungs.voxels.enumerated() where label != 0 { counts[Densitometry.index(ct.voxels[voxel])] += 1 }
            return Self.measures(counts)
        }
    }

    /// - Parameter counts: voxels of each HU from -32768 on.
    package static func measures(_ counts: [Int]) -> [Double] {
        let measured = Densitometry(counts: counts)
        return [measured?.lowAttenuation ?? 0, Double(measured?.percentile15 ?? Int(Int16.min))]
    }

    package mutating func fit(_ training: [Int]) {}
    package func features(of subject: Int) -> [Double] { values[subject] }
}
