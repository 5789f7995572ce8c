import COpenBLAS
import Foundation

/// Cox's log partial likelihood with its gradient and information matrix.
struct PartialLikelihood {
    struct Derivatives {
        /// log L.
        var value: Double
        var gradient: [Double]
        /// Minus the second derivatives, `[width][width]`, upper triangle.
        var information: [Double]
    }

    /// Subjects in order of falling time, in groups of equal times.
    private let groups: [[Int]]
    private let rows: [[Double]]
    private let events: [Bool]
    private let ties: CoxModel.Ties

    init(rows: [[Double]], survival: SurvivalTimes, ties: CoxModel.Ties) {
        self.rows = rows
        events = survival.events
        self.ties = ties
        let order = survival.times.indices.sorted { (survival.times[$0], $0) > (survival.times[$1], $1) }
        groups = order.reduce(into: [[Int]]()) { groups, subject in
            if let last = groups.last?[0], survival.times[last] == survival.times[subject] {
                groups[groups.count - 1].append(subject)
            } else {
                groups.append([subject])
            }
        }
    }

    /// Σ w, Σ w x and Σ w xxᵀ of some subjects, w = e^(β·x).
    private struct Sums {
        var weight = 0.0
        var first: [Double]
        var second: [Double]

        init(width: Int) {
            first = Array(repeating: 0, count: width)
            second = Array(repeating: 0, count: width * width)
        }

        mutating func add(_ row: [Double], weight w: Double) {
            let n = Int32(row.count)
            weight += w
            cblas_daxpy(n, w, row, 1, &first, 1)
            cblas_dsyr(CblasRowMajor, CblasUpper, n, w, row, 1, &second, n)
        }
    }

    func derivatives(_ beta: [Double]) -> Derivatives {
        let width = beta.count
        var result = Derivatives(
            value: 0, gradient: Array(repeating: 0, count: width), information: Array(repeating: 0, count: width * width))
        var atRisk = Sums(width: width)
        let n = Int32(width)
        for group in groups {
            var tied = Sums(width: width)
            var failing = 0
            for subject in group {
                let score = zip(rows[subject], beta).reduce(0) { $0 + $1.0 * $1.1 }
                let weight = exp(score)
                atRisk.add(rows[subject], weight: weight)
                guard events[subject] else { continue }
                failing += 1
                tied.add(rows[subject], weight: weight)
                result.value += score
                cblas_daxpy(n, 1, rows[subject], 1, &result.gradient, 1)
            }
            for place in 0..<failing {
                // Efron: of d events at one time, the l-th still has (1 - l/d) of their weight in its risk set.
                let gone = ties == .efron ? Double(place) / Double(failing) : 0
                let weight = atRisk.weight - gone * tied.weight
                var mean = atRisk.first
                cblas_daxpy(n, -gone, tied.first, 1, &mean, 1)
                cblas_dscal(n, 1 / weight, &mean, 1)
                result.value -= log(weight)
                cblas_daxpy(n, -1, mean, 1, &result.gradient, 1)
                cblas_daxpy(n * n, 1 / weight, atRisk.second, 1, &result.information, 1)
                if gone > 0 { cblas_daxpy(n * n, -gone / weight, tied.second, 1, &result.information, 1) }
                cblas_dsyr(CblasRowMajor, CblasUpper, n, -1, mean, 1, &result.information, n)
            }
        }
        return result
    }
}
