import Engine
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
}
