import Cohorts
import Foundation
import Foundations
import Learning
import StudyResults

extension ExperimentRun {
    /// Table 2.
    func imageReadouts(_ result: inout ExperimentResult) throws {
        let extra = try extraTargets.map { try ReadoutTarget(column: $0, of: cohort.catalogue) }
        try readouts(&result, targets: ReadoutTarget.paper + extra, methods: try comparators())
    }

    /// Table 4.
    func severity(_ result: inout ExperimentResult) throws {
        try requireSome(of: [.severity])
        try readouts(&result, targets: [.severity], methods: try comparators())
    }

    /// The method, and the networks that it is compared with.
    static let imageVariants: [EncoderVariant] = [.drasclr, .globalMoCo, .random, .randomRelease]

    /// The method and what it is compared with, image by image.
    private func comparators() throws -> [any FeatureMethod] {
        var methods: [any FeatureMethod] = []
        for variant in Self.imageVariants { methods.append(try library.features(variant)) }
        monitor.tell("densitometry and histograms", 0, of: 2)
        methods.append(try HistogramClusterFeatures(cohort, seed: Self.seed, parallel: parallel))
        monitor.tell("densitometry and histograms", 1, of: 2)
        methods.append(try LowAttenuationFeatures(cohort.catalogue, parallel: parallel))
        monitor.tell("densitometry and histograms", 2, of: 2)
        return methods
    }

    /// - Throws: `Failure` where no subject has any of the labels: nothing is pre-trained for nothing.
    private func requireSome(of targets: [ReadoutTarget]) throws {
        guard !targets.contains(where: { target in cohort.subjects.contains { $0.labels[target.column] != nil } }) else { return }
        throw Failure("\(cohort.folder.path) has none of the labels \(targets.map(\.column).joined(separator: ", "))")
    }

    /// Every method for every target that the cohort has; the others are named in the notes.
    private func readouts(_ result: inout ExperimentResult, targets: [ReadoutTarget], methods: [any FeatureMethod]) throws {
        let readout = ImageReadout(cohort: cohort.catalogue, profile: profile, seed: Self.seed, parallel: parallel)
        result.method += ImageReadout.method(profile, seed: Self.seed)
        if methods.contains(where: { $0 is HistogramClusterFeatures }) { result.method.append(HistogramClusterFeatures.method) }
        if targets.contains(where: { $0.column == "gold" }) {
            result.method.append("PRISm, where there is any, is the GOLD class -1, and so within one of stage 0")
        }
        var done = 0
        for target in targets {
            guard cohort.subjects.contains(where: { $0.labels[target.column] != nil }) else {
                result.notes.append("The cohort has no label \(target.column): left out")
                continue
            }
            if let instead = target.withoutAreaUnderCurve(cohort.catalogue) { result.note(instead) }
            for method in methods {
                try monitor.checkCancelled()
                monitor.tell("readouts", done, of: targets.count * methods.count, detail: "\(target.title), \(method.name)")
                do { result.measurements += try readout.measure(method, target: target) } catch let failure as Failure {
                    result.note("\(target.title): \(failure.description)")
                }
                done += 1
            }
        }
        guard !result.measurements.isEmpty else {
            throw Failure(
                "\(result.name.rawValue): none of the labels \(targets.map(\.column).joined(separator: ", ")) can be read out: \(result.notes.joined(separator: "; "))"
            )
        }
        result.compare(methods[0].name, testFraction: testFraction)
    }

    /// Table 3.
    func survival(_ result: inout ExperimentResult) throws {
        let readout = try SurvivalReadout(cohort: cohort.catalogue, profile: profile, seed: Self.seed, parallel: parallel)
        let methods = try comparators()
        result.method += readout.method(of: cohort.catalogue)
        var asked: [(name: String, method: (any FeatureMethod)?, covariates: SurvivalReadout.Covariates)] = methods.map {
            ($0.name, $0, .features)
        }
        if !readout.clinicalNames.isEmpty { asked += [("clinical", nil, .clinical), ("DrasCLR + clinical", methods[0], .both)] }
        for (index, row) in asked.enumerated() {
            try monitor.checkCancelled()
            monitor.tell("survival", index, of: asked.count, detail: row.name)
            do {
                result.measurements += try readout.measure(row.method, covariates: row.covariates, name: row.name)
            } catch let failure as Failure { result.note("\(row.name): \(failure.description)") }
        }
        guard !result.measurements.isEmpty else { throw Failure("table3: \(result.notes.joined(separator: "; "))") }
        result.compare("DrasCLR + clinical", testFraction: testFraction)
        result.compare(EncoderVariant.drasclr.title, testFraction: testFraction)
    }

    /// Tables 6, 7 and 9: variants of pre-training in the same readouts, image by image and box by box.
    func ablation(_ result: inout ExperimentResult) throws {
        let variants = Self.ablated(result.name)
        try requireSome(of: ReadoutTarget.paper)
        try readouts(&result, targets: ReadoutTarget.paper, methods: try variants.map { try library.features($0) })
        let boxes: [LesionBox]
        do { boxes = try self.boxes(noting: &result) } catch let failure as Failure {
            result.notes.append("Boxes: \(failure.description)")
            return
        }
        let readouts = try variants.map { try subtypeReadout(boxes, cohort: library.cohort(of: $0)) }
        for (variant, readout) in zip(variants, readouts) { result.measurements += try linearDetection(variant, readout: readout) }
        result.method += readouts[0].method
        result.compare("\(EncoderVariant.drasclr.title), linear", testFraction: testFraction)
        guard result.name == .table6 else { return }
        for kind in ["", ", linear"] { result.compare(EncoderVariant.concatenation.title + kind, testFraction: testFraction) }
    }

    /// Table 8.
    func misplaced(_ result: inout ExperimentResult) throws {
        try requireSome(of: ReadoutTarget.paper)
        let right = try library.features(.drasclr, name: "true locations")
        let wrong = try library.features(.drasclr, name: "random locations", isMisplaced: true)
        try readouts(&result, targets: ReadoutTarget.paper, methods: [right, wrong])
        result.method.append("Random: each landmark is encoded with the location of another one, by a seeded permutation")
    }
}
