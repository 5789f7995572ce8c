import Foundation
import Foundations
import Statistics
import TestSupport

/// One of the two survival tables with the numbers that lifelines and scikit-survival found.
struct SurvivalFixture {
    let covariates: FeatureMatrix
    let survival: SurvivalTimes
    private let reference: [String: Any]

    init(_ name: String) throws {
        let table = try CSVTable(contentsOf: SharedData.fixture("survival_\(name).csv"))
        let numbers = table.rows.map { $0.fields.compactMap(Double.init) }
        covariates = FeatureMatrix(rows: numbers.map { Array($0[..<6]) })
        survival = try SurvivalTimes(times: numbers.map { $0[6] }, events: numbers.map { $0[7] == 1 })
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: SharedData.fixture("survival.json"))) as? [String: Any]
        reference = json?[name] as? [String: Any] ?? [:]
    }

    struct Values {
        fileprivate let fields: [String: Any]
        func number(_ name: String) -> Double { fields[name] as? Double ?? .nan }
        func list(_ name: String) -> [Double] { fields[name] as? [Double] ?? [] }
        func table(_ name: String) -> [[Double]] { fields[name] as? [[Double]] ?? [] }
    }

    /// A part of the table's numbers.
    /// - Throws: `Failure` where the file has no such part.
    func values(_ part: String) throws -> Values {
        guard let fields = reference[part] as? [String: Any] else { throw Failure("survival.json has no part \(part)") }
        return Values(fields: fields)
    }
}
