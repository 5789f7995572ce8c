import Learning
import Testing

@Suite("Order of training")
struct StepPlanTests {
    @Test("an epoch covers every landmark in order, and a landmark never meets a subject twice", arguments: [(10, 3), (8, 4), (5, 5)])
    func coverage(subjects: Int, batch: Int) {
        let plan = StepPlan(subjects: subjects, landmarks: 4, batch: batch, batchNormGroup: 32, seed: 11)
        #expect(plan.stepsPerEpoch == 4 * (subjects / batch))
        for epoch in 0..<3 {
            let steps = epoch * plan.stepsPerEpoch..<(epoch + 1) * plan.stepsPerEpoch
            #expect(steps.allSatisfy { plan.epoch(ofStep: $0) == epoch })
            #expect(steps.map(plan.landmark) == (0..<4).flatMap { Array(repeating: $0, count: subjects / batch) })
            for landmark in 0..<4 {
                let seen = steps.filter { plan.landmark(ofStep: $0) == landmark }.flatMap(plan.subjects)
                #expect(seen.count == subjects / batch * batch && Set(seen).count == seen.count)
                #expect(seen.allSatisfy((0..<subjects).contains))
            }
        }
        // All landmarks of an epoch see the same order, another epoch another one.
        #expect(plan.subjects(ofStep: 0) == plan.subjects(ofStep: plan.stepsPerLandmark))
        let orders = Set((0..<20).map { plan.subjects(ofStep: $0 * plan.stepsPerEpoch) })
        #expect(orders.count > 10)
    }

    @Test("keys are shuffled where there are several batch-norm groups, and only there")
    func keyOrder() {
        let several = StepPlan(subjects: 64, landmarks: 2, batch: 64, batchNormGroup: 16, seed: 1)
        let order = several.keyOrder(ofStep: 3)
        #expect(order != Array(0..<64) && order.sorted() == Array(0..<64) && order != several.keyOrder(ofStep: 4))
        let one = StepPlan(subjects: 64, landmarks: 2, batch: 20, batchNormGroup: 16, seed: 1)
        #expect(one.keyOrder(ofStep: 3) == Array(0..<20))
    }

    @Test("a changed batch goes on with the subjects that the landmark has not had, and epochs stay whole", arguments: [0, 1, 5, 6, 13])
    func changedBatch(at change: Int) {
        let first = StepPlan(subjects: 10, landmarks: 3, batch: 3, batchNormGroup: 32, seed: 5)
        let second = first.changing(batch: 4, atStep: change)
        let third = second.changing(batch: 1, atStep: change + 2)
        func plan(_ step: Int) -> StepPlan { step < change ? first : step < change + 2 ? second : third }
        let steps = 0..<third.steps(ofEpochs: 4)
        let places = steps.map { step in
            let plan = plan(step)
            return (epoch: plan.epoch(ofStep: step), landmark: plan.landmark(ofStep: step), subjects: plan.subjects(ofStep: step))
        }
        // Landmarks in order, epoch after epoch, none left out.
        let visits = places.map { [$0.epoch, $0.landmark] }
        let visited = zip(visits, [[-1, -1]] + visits).filter { $0 != $1 }.map(\.0)
        #expect(visited == (0..<4).flatMap { epoch in (0..<3).map { [epoch, $0] } })
        for epoch in 0..<4 {
            let start = places.firstIndex { $0.epoch == epoch }
            #expect(steps.filter { places[$0].epoch == epoch }.allSatisfy { plan($0).epochStart(ofStep: $0) == start })
            for landmark in 0..<3 {
                let seen = places.filter { $0.epoch == epoch && $0.landmark == landmark }.flatMap(\.subjects)
                #expect(Set(seen).count == seen.count && seen.count > 10 - 4)
            }
        }
        // What is over the number of steps belongs to the next epoch.
        #expect(third.epoch(ofStep: steps.upperBound) == 4)
    }
}
