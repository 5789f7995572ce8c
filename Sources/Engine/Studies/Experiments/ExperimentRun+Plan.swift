import Foundation
import Inference
import KernelInterface
import Masks
import StudyResults

/// What a run has before it, so that the time left can be told.
extension ExperimentRun {
    /// The pre-trained networks that the tables of ablations compare, the method first.
    static func ablated(_ name: ExperimentName) -> [EncoderVariant] {
        switch name {
        case .table6: [.drasclr, .hypernetwork, .concatenation, .unconditioned]
        case .table7: [.drasclr, .neighbours0, .neighbours1, .neighbours3]
        case .table9: [.drasclr, .diseasedAtlas, .ownKeysKept]
        default: []
        }
    }

    /// Tells the monitor the work of these experiments.
    func plan(_ names: [ExperimentName]) throws {
        let boxCount = (try? boxes().count) ?? 0
        for name in names {
            switch name {
            case .table2, .table3, .table4: for variant in Self.imageVariants { try planFeatures(variant) }
            case .table8:
                try planFeatures(.drasclr)
                try planFeatures(.drasclr, isMisplaced: true)
            case .table6, .table7, .table9:
                for variant in Self.ablated(name) {
                    try planFeatures(variant)
                    try planBoxes(variant, boxCount)
                }
            case .table5, .figure4:
                for variant in Self.boxVariants { try planBoxes(variant, boxCount) }
                planFineTuning(name, boxCount)
            case .figure5:
                try planBoxes(.drasclr, boxCount)
                planMasks()
            }
        }
    }

    private func planTraining(_ variant: EncoderVariant) throws {
        guard let steps = try library.steps(variant) else { return }
        let settings = variant.settings(try library.baseSettings())
        // A sample's key, its query forward and backward, and its neighbours forward and backward.
        let passes = (steps.total - steps.done) * settings.batch * (4 + 3 * settings.neighbours)
        monitor.effort.plan(.training(variant), passes: Double(passes))
    }

    private func planFeatures(_ variant: EncoderVariant, isMisplaced: Bool = false) throws {
        try planTraining(variant)
        guard !library.file(variant, isMisplaced: isMisplaced).isThere else { return }
        let passes = cohort.subjects.count * cohort.atlas.landmarks.count
        monitor.effort.plan(.features(variant, isMisplaced: isMisplaced), passes: Double(passes))
    }

    private func planBoxes(_ variant: EncoderVariant, _ boxes: Int) throws {
        try planTraining(variant)
        guard !cache(variant).isThere else { return }
        let voxels = (SubtypeReadout.moves(stride: profile.boxStride).count + LaneLayout.lanes - 1) / LaneLayout.lanes * LaneLayout.lanes
        monitor.effort.plan(.boxes(variant), passes: Double(boxes * (BoxFeatures.views + voxels)))
    }

    private func planFineTuning(_ name: ExperimentName, _ boxes: Int) {
        guard name == .table5 || profile == .full else { return }
        let folds = name == .table5 ? Double(profile.fineTunedFolds) : Double(profile.folds) * profile.fractions.reduce(0, +)
        // Two networks and two subtypes, each with about two thirds of the boxes.
        let passes = folds * 4 * Double(boxes) * 2 / 3 * Double(BoxFeatures.views * 3 * profile.fineTuning.epochs)
        monitor.effort.plan(.fineTuning(name), passes: passes)
    }

    private func planMasks() {
        let millilitres = cohort.subjects.reduce(0.0) { $0 + $1.quality.rightMillilitres + $1.quality.leftMillilitres }
        let side = DenseLattice.blockSide
        let across = side / profile.maskStride
        let points = max(LaneLayout.lanes, across * across * across)
        let blocks = millilitres * 1000 / Double(side * side * side)
        // Blocks on the lungs' surface are needed, too: about as many again.
        monitor.effort.plan(.masks, passes: 2 * blocks * Double(points))
    }
}

extension URL {
    fileprivate var isThere: Bool { FileManager.default.fileExists(atPath: path) }
}
