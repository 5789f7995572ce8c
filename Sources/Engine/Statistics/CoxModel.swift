import Foundation
import Foundations

/// Cox proportional hazards, λ(t | x) = λ₀(t) exp(β·(x - x̄)), with a ridge on chosen covariates: maximises
/// log L(b) - n/2 Σ_j ρ_j b_j² over coefficients b of covariates divided by their standard deviation (n - 1). Newton's method.
///
/// The objective is lifelines' `CoxPHFitter(penalizer: ρ, l1_ratio: 0)` where all ρ_j are alike.
package struct CoxModel: Equatable {
    /// How events at the same time share their risk set.
    package enum Ties: String, CaseIterable, Sendable {
        case efron, breslow
    }

    /// Per unit of the covariate; 0 for one that is constant.
    package let coefficients: [Double]
    /// From the inverse of the penalised information matrix; 0 for a constant covariate.
    package let standardErrors: [Double]
    /// log L at the solution, without the penalty.
    package let logLikelihood: Double
    /// log L minus the penalty, as lifelines reports it.
    package let penalisedLogLikelihood: Double
    /// Of the training rows.
    package let means: [Double]
    /// Breslow's cumulative baseline hazard from each event time on, at the training rows' mean.
    private let baseline: [Step]

    private struct Step: Equatable {
        let time, hazard: Double
    }

    /// - Parameters:
    ///   - penalties: ρ of each covariate; 0 leaves it free.
    ///   - names: what messages call the covariates; those without a name are counted from 1.
    /// - Throws: `Failure` where there is no event, no covariate that differs between subjects, or no finite coefficients are best; it names
    ///   the covariate at fault.
    package init(
        _ covariates: FeatureMatrix, survival: SurvivalTimes, penalties: [Double], names: [String] = [], ties: Ties = .efron
    ) throws {
        let (count, width) = (covariates.count, covariates.width)
        precondition(survival.count == count && penalties.count == width, "CoxModel: \(survival.count) times, \(penalties.count) penalties")
        guard survival.events.contains(true) else {
            throw Failure("a Cox model needs at least one event; all \(count) subjects are censored")
        }
        let means = covariates.means
        let deviations = (0..<width).map { k in Spread((0..<count).map { covariates.values[$0 * width + k] }).deviation }
        let kept = (0..<width).filter { deviations[$0] > 1e-12 * max(1, abs(means[$0])) }
        func called(_ k: Int) -> String { names.indices.contains(k) ? names[k] : "covariate \(k + 1)" }
        guard !kept.isEmpty else {
            let which =
                width > 3
                ? "all \(width) covariates are" : "\((0..<width).map(called).joined(separator: ", ")) \(width == 1 ? "is" : "are")"
            throw Failure("a Cox model needs a covariate that differs between subjects; \(which) the same for all \(count)")
        }
        let rows = (0..<count).map { row in kept.map { (covariates.values[row * width + $0] - means[$0]) / deviations[$0] } }
        let problem = PartialLikelihood(rows: rows, survival: survival, ties: ties)
        let weights = kept.map { Double(count) * penalties[$0] }
        let found: Maximum
        let inverse: [Double]
        do {
            found = try Self.maximise(problem, weights: weights)
            inverse = try SymmetricSolver.inverse(found.information, size: kept.count)
        } catch let endless as Endless {
            throw Failure(
                "the Cox model has no finite solution: \(called(kept[endless.place])) orders the events perfectly, or has none on one of its sides; "
                    + "use a ridge on it, or leave it out")
        } catch let singular as SymmetricSolver.Singular {
            throw Failure(
                "the Cox model has no unique solution: \(called(kept[singular.row])) follows from the covariates before it; use a ridge on it, or leave it out"
            )
        }
        var coefficients = [Double](repeating: 0, count: width)
        var errors = coefficients
        for (place, k) in kept.enumerated() {
            coefficients[k] = found.beta[place] / deviations[k]
            errors[k] = inverse[place * kept.count + place].squareRoot() / deviations[k]
        }
        self.coefficients = coefficients
        standardErrors = errors
        logLikelihood = found.value
        penalisedLogLikelihood = found.value - Self.penalty(found.beta, weights)
        self.means = means
        let risks = rows.map { exp(zip($0, found.beta).reduce(0) { $0 + $1.0 * $1.1 }) }
        baseline = Self.baseline(survival, risks: risks)
    }

    /// β·(x - x̄).
    package func logHazard(_ row: some Sequence<Double>) -> Double {
        var total = 0.0
        for (k, value) in row.enumerated() { total += coefficients[k] * (value - means[k]) }
        return total
    }

    /// Breslow's cumulative hazard of a subject at the mean, at a time.
    package func baselineHazard(at time: Double) -> Double { baseline.last { $0.time <= time }?.hazard ?? 0 }

    /// S(t | x) = exp(-Λ₀(t) e^(β·(x - x̄))).
    package func survivalChance(_ row: some Sequence<Double>, at time: Double) -> Double {
        exp(-baselineHazard(at: time) * exp(logHazard(row)))
    }

    private static func penalty(_ beta: [Double], _ weights: [Double]) -> Double {
        zip(beta, weights).reduce(0) { $0 + $1.1 * $1.0 * $1.0 / 2 }
    }

    private struct Maximum {
        let beta: [Double]
        let value: Double
        let information: [Double]
    }

    /// The coefficient of a kept covariate has no bound.
    private struct Endless: Error {
        let place: Int
    }

    /// A standardised coefficient of this size is on its way to infinity.
    private static let endless = 30.0
    /// One of this size is, where the equations can no more be solved: what it separates has no curvature left.
    private static let endlessWhereSingular = 5.0

    private static func maximise(_ problem: PartialLikelihood, weights: [Double]) throws -> Maximum {
        let size = weights.count
        var beta = [Double](repeating: 0, count: size)
        func penalised(_ beta: [Double]) -> PartialLikelihood.Derivatives {
            var result = problem.derivatives(beta)
            for k in 0..<size {
                result.gradient[k] -= weights[k] * beta[k]
                result.information[k * size + k] += weights[k]
            }
            return result
        }
        func largest() -> Int { beta.indices.max { abs(beta[$0]) < abs(beta[$1]) } ?? 0 }
        var present = penalised(beta)
        for _ in 0..<100 {
            let step: [Double]
            do { step = try SymmetricSolver.solution(present.information, present.gradient) } catch {
                if abs(beta[largest()]) > endlessWhereSingular { throw Endless(place: largest()) }
                throw error
            }
            var length = 1.0
            var next = beta
            var candidate = present
            // Halved until the objective rises: far from the maximum a full step may be too long.
            repeat {
                next = zip(beta, step).map { $0 + length * $1 }
                candidate = penalised(next)
                length /= 2
            } while !(candidate.value - penalty(next, weights) >= present.value - penalty(beta, weights) - 1e-12) && length > 1e-10
            let change = zip(beta, next).map { abs($0 - $1) }.max() ?? 0
            beta = next
            present = candidate
            guard beta.allSatisfy({ abs($0) < endless }) else { break }
            if change < 1e-10 { return Maximum(beta: beta, value: present.value, information: present.information) }
        }
        throw Endless(place: largest())
    }

    private static func baseline(_ survival: SurvivalTimes, risks: [Double]) -> [Step] {
        var hazard = 0.0
        let eventTimes = Set(survival.times.indices.filter { survival.events[$0] }.map { survival.times[$0] }).sorted()
        return eventTimes.map { time in
            var (atRisk, events) = (0.0, 0.0)
            for i in survival.times.indices where survival.times[i] >= time {
                atRisk += risks[i]
                if survival.times[i] == time, survival.events[i] { events += 1 }
            }
            hazard += events / atRisk
            return Step(time: time, hazard: hazard)
        }
    }
}
