import Foundation
import Foundations

/// What a clinic would know about a phantom: follows from its lesions, with noise.
package struct PhantomLabels: Equatable, Sendable {
    /// Column names of `cohort.csv`, in order.
    package static let names = ["age", "sex", "fev1pp", "fev1_fvc", "gold", "cle", "paraseptal", "ae_history", "severity", "time", "event"]
    /// One value for each name.
    package let values: [Double]

    /// - Parameter truth: what fraction of the lungs is diseased.
    init(grade: EmphysemaGrade, truth: EmphysemaExtent, _ random: inout SeededGenerator) {
        let extent = truth.centrilobular + 0.6 * truth.paraseptal
        // Airflow falls steeply with the first per cents of emphysema and then ever less.
        let burden = pow(extent, 0.8)
        let age = (random.uniform(45, 80) + 20 * burden).rounded()
        let sex = random.uniform() < 0.53 ? 1.0 : 0
        let fev1 = min(max(103 - 165 * burden + 9 * random.normal(), 14), 130)
        let ratio = min(max(0.79 - 0.75 * burden + 0.04 * random.normal(), 0.22), 0.9)
        let gold = ratio >= 0.7 ? (fev1 >= 80 ? 0.0 : -1) : fev1 >= 80 ? 1 : fev1 >= 50 ? 2 : fev1 >= 30 ? 3 : 4
        let exacerbations = random.uniform() < 1 / (1 + exp(2 - 7 * burden)) ? 1.0 : 0
        let noisy = max(extent * exp(0.2 * random.normal()), 0)
        let severity = Double([0.004, 0.03, 0.10, 0.22].filter { noisy > $0 }.count)
        // Years to death with a hazard that doubles with every 12 years of age and every tenth of burden; censored at 2 to 10 years.
        let hazard = 0.02 * pow(2, (age - 62) / 12) * pow(2, burden / 0.1)
        let death = -log(max(random.uniform(), 1e-6)) / hazard
        let censoring = random.uniform(2, 10)
        func rounded(_ value: Double, _ step: Double) -> Double { (value / step).rounded() * step }
        values = [
            age, sex, rounded(fev1, 0.1), rounded(ratio, 0.001), gold, Double(grade.centrilobular), Double(grade.paraseptal), exacerbations,
            severity,
            rounded(min(death, censoring), 0.01), death <= censoring ? 1 : 0,
        ]
    }

    /// The value of a column.
    package subscript(_ name: String) -> Double? { Self.names.firstIndex(of: name).map { values[$0] } }
}
