import Foundation

extension ExperimentRun {
    /// Table 2.
    func imageReadouts(_ result: inout ExperimentResult) throws {
        let extra = try extraTargets.map { try ReadoutTarget(column: $0, of: cohort.catalogue) }
        try readouts(&result, targets: ReadoutTarget.paper + extra, methods: try comparators())
    }

    /// Table 4.
    func severity(_ result: inout ExperimentResult) throws {
        try readouts(&result, targets: [.severity], methods: try comparators())
    }

    /// The method and what it is compared with, image by image.
    private func comparators() throws -> [any FeatureMethod] {
        var methods: [any FeatureMethod] = []
        for variant in [EncoderVariant.drasclr, .globalMoCo, .random] { methods.append(try library.features(variant)) }
        report(StageProgress(stage: "densitometry and histograms", done: 0, total: 2))
        methods.append(HistogramClusterFeatures(cohort, seed: Self.seed, parallel: parallel))
        methods.append(try LowAttenuationFeatures(cohort.catalogue, parallel: parallel))
        report(StageProgress(stage: "densitometry and histograms", done: 2, total: 2))
        return methods
    }

    /// Every method for every target that the cohort has; the others are named in the notes.
    private func readouts(_ result: inout ExperimentResult, targets: [ReadoutTarget], methods: [any FeatureMethod]) throws {
        let readout = ImageReadout(cohort: cohort.catalogue, profile: profile, seed: Self.seed, parallel: parallel)
        var done = 0
        for target in targets {
            guard cohort.subjects.contains(where: { $0.labels[target.column] != nil }) else {
                result.notes.append("The cohort has no label \(target.column): left out")
                continue
            }
            for method in methods {
                if isCancelled() { throw Cancelled() }
                report(
                    StageProgress(
                        stage: "readouts", done: done, total: targets.count * methods.count, detail: "\(target.title), \(method.name)"))
                do { result.measurements += try readout.measure(method, target: target) } catch let failure as Failure {
                    let note = "\(target.title): \(failure.description)"
                    if !result.notes.contains(note) { result.notes.append(note) }
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
        for (index, method) in methods.enumerated() {
            if isCancelled() { throw Cancelled() }
            report(StageProgress(stage: "survival", done: index, total: methods.count, detail: method.name))
            result.measurements += try readout.measure(method, covariates: .features, name: method.name)
        }
        if !readout.clinicalNames.isEmpty {
            let clinical = readout.clinicalNames.joined(separator: ", ")
            result.measurements += try readout.measure(nil, covariates: .clinical, name: "clinical")
            result.measurements += try readout.measure(methods[0], covariates: .both, name: "DrasCLR + clinical")
            result.notes.append("Clinical columns, unpenalised: \(clinical)")
            result.compare("DrasCLR + clinical", testFraction: testFraction)
        }
        result.compare(EncoderVariant.drasclr.title, testFraction: testFraction)
        result.notes.append(
            "\(profile.survivalRuns) seeded runs of \(profile.folds) folds; Uno's concordance truncated at 25, 50 and 75 % of the training subjects' censoring times; Efron ties"
        )
    }

    /// Tables 6, 7 and 9: variants of pre-training in the same readouts, image by image and box by box.
    func ablation(_ result: inout ExperimentResult, _ variants: [EncoderVariant], base: String) throws {
        try readouts(&result, targets: ReadoutTarget.paper, methods: try variants.map { try library.features($0) })
        let boxes: [LesionBox]
        do { boxes = try self.boxes() } catch let failure as Failure {
            result.notes.append("Boxes: \(failure.description)")
            return
        }
        var measured: [Measurement] = []
        for variant in variants {
            measured += try linearDetection(variant, readout: try subtypeReadout(boxes, cohort: library.cohort(of: variant)))
        }
        result.comparisons = []
        result.measurements += measured
        result.compare(base, testFraction: testFraction)
    }

    /// Table 8.
    func misplaced(_ result: inout ExperimentResult) throws {
        let right = try library.features(.drasclr, name: "true locations")
        let wrong = try library.features(.drasclr, name: "random locations", isMisplaced: true)
        try readouts(&result, targets: ReadoutTarget.paper, methods: [right, wrong])
        result.notes.append("Random: each landmark is encoded with the location of another one, by a seeded permutation")
    }
}
