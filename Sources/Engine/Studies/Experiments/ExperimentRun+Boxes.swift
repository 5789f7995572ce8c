import Cohorts
import Foundation
import Foundations
import Inference
import Learning
import Statistics
import StudyResults

extension ExperimentRun {
    /// The method, and the networks without pre-training that it is compared with in linear readouts of boxes: one from the weights that the
    /// method starts from, one from the release's.
    static let boxVariants: [EncoderVariant] = [.drasclr, .random, .randomRelease]

    func subtypeReadout(_ boxes: [LesionBox], cohort: PreparedCohort) throws -> SubtypeReadout {
        try SubtypeReadout(cohort: cohort, boxes: boxes, profile: profile, seed: Self.seed, parallel: parallel)
    }

    /// Table 5.
    func subtypes(_ result: inout ExperimentResult) throws {
        let readout = try subtypeReadout(try boxes(noting: &result), cohort: cohort)
        for variant in Self.boxVariants { result.measurements += try linearDetection(variant, readout: readout) }
        let fractions = try readout.lowAttenuation()
        for subtype in EmphysemaSubtype.allCases {
            let folds = try (0..<readout.foldCount).map { try readout.lowAttenuation(subtype, held: $0, fractions: fractions) }
            result.measurements += detection("patch LAA-950", subtype, folds)
        }
        let held = Array(0..<min(profile.fineTunedFolds, readout.foldCount))
        let variants = [EncoderVariant.drasclr, .random]
        let fits = variants.count * EmphysemaSubtype.allCases.count * held.count
        monitor.effort.begin(.fineTuning(result.name))
        for (row, variant) in variants.enumerated() {
            for (column, subtype) in EmphysemaSubtype.allCases.enumerated() {
                let first = (row * EmphysemaSubtype.allCases.count + column) * held.count
                let folds = try held.map { fold in
                    try fineTuned(variant, subtype, held: fold, fraction: 1, readout, of: result.name, number: first + fold, all: fits)
                }
                result.measurements += detection("\(variant.title), fine-tuned", subtype, folds)
            }
        }
        monitor.effort.end(.fineTuning(result.name))
        result.compare("DrasCLR, linear", testFraction: testFraction)
        result.compare("DrasCLR, fine-tuned", testFraction: testFraction)
        result.method += readout.method
        result.method.append("Patch LAA-950: logistic regression on the fraction of a box below -950 HU, C 1, not tuned")
        result.method.append("Full fine-tuning, not tuned, in the first \(held.count) of \(readout.foldCount) folds: \(fineTuningInWords)")
    }

    private var fineTuningInWords: String {
        let settings = profile.fineTuning
        return
            "\(settings.epochs) epochs of \(settings.boxesPerStep) boxes × \(BoxFeatures.views) views a step, SGD, learning rate \(settings.learningRate), cosine"
    }

    /// Full fine-tuning of a fold, kept as soon as it is done.
    private func fineTuned(
        _ variant: EncoderVariant, _ subtype: EmphysemaSubtype, held: Int, fraction: Double, _ readout: SubtypeReadout,
        of name: ExperimentName, number: Int, all: Int
    ) throws -> BoxDecisions {
        let model = try library.model(variant)
        let percent = Int((100 * fraction).rounded())
        let title = "\(variant.rawValue)-\(subtype.rawValue)-\(percent)-\(held)"
        return try pieces.value("fine-tuned/\(title)", of: model.checksum) {
            try monitor.checkCancelled()
            return try readout.fineTuned(subtype, held: held, model: model, fraction: fraction) { [monitor] in
                monitor.effort.reach((Double(number) + Double($0) / Double(max(1, $1))) / Double(all))
                let detail = percent == 100 ? nil : "\(percent) % of the boxes"
                monitor.tell("fine-tune \(variant.title), \(subtype.rawValue), fold \(held + 1)", $0, of: $1, detail: detail)
            }
        }
    }

    /// Frozen features of the boxes, kept in a file.
    private func freeze(_ variant: EncoderVariant, _ readout: SubtypeReadout) throws -> (
        model: InferenceModel, frozen: SubtypeReadout.FrozenBoxes
    ) {
        try monitor.checkCancelled()
        let model = try library.model(variant)
        let piece = ExperimentEffort.Piece.boxes(variant)
        defer { monitor.effort.end(piece) }
        let frozen = try readout.freeze(model, cache: cache(variant)) { [monitor] done, total in
            if done == 0 { monitor.effort.begin(piece) }
            monitor.effort.reach(Double(done) / Double(total))
            monitor.tell("boxes of \(variant.title)", done, of: total)
        }
        return (model, frozen)
    }

    func cache(_ variant: EncoderVariant) -> URL { folder.features("\(variant.rawValue)-boxes") }

    /// F1, precision and recall of a variant's linear readout over all folds.
    func linearDetection(_ variant: EncoderVariant, readout: SubtypeReadout) throws -> [MethodScore] {
        let (model, frozen) = try freeze(variant, readout)
        return try EmphysemaSubtype.allCases.flatMap { subtype in
            let folds = try parallel.map(readout.foldCount) { held in
                Result { try readout.linear(subtype, held: held, model: model, frozen: frozen).decisions }
            }.map { try $0.get() }
            return detection("\(variant.title), linear", subtype, folds)
        }
    }

    private func detection(_ method: String, _ subtype: EmphysemaSubtype, _ folds: [BoxDecisions]) -> [MethodScore] {
        let parts: [(String, (DetectionScores) -> Double)] = [
            ("F1", { $0.f1 }), ("precision", { $0.precision }), ("recall", { $0.recall }),
        ]
        return parts.map { metric, value in measured(method, subtype, metric, folds, value) }
    }

    private func measured(
        _ method: String, _ subtype: EmphysemaSubtype, _ metric: String, _ folds: [BoxDecisions], _ value: (DetectionScores) -> Double
    ) -> MethodScore {
        let parts = folds.map(\.scoresBySubject)
        let interval = BootstrapInterval(folds: parts.map(\.count), draws: profile.bootstrapDraws, seed: Self.seed) { fold, drawn in
            value(drawn.reduce(.none) { $0 + parts[fold][$1] })
        }
        return MethodScore(
            method: method, target: subtype.rawValue, metric: metric, folds: folds.map { value($0.scores) }, interval: interval,
            count: folds.reduce(0) { $0 + $1.truth.count })
    }

    /// Figure 4.
    func labelEfficiency(_ result: inout ExperimentResult) throws {
        let readout = try subtypeReadout(try boxes(noting: &result), cohort: cohort)
        let variants = [EncoderVariant.drasclr, .random]
        let fits = EmphysemaSubtype.allCases.count * variants.count * profile.fractions.count * readout.foldCount
        var number = 0
        for subtype in EmphysemaSubtype.allCases {
            var byVariant: [[[BoxDecisions]]] = []
            for variant in variants {
                let (model, frozen) = try freeze(variant, readout)
                monitor.effort.begin(.fineTuning(result.name), at: Double(number) / Double(fits))
                let values = try profile.fractions.map { fraction in
                    try monitor.checkCancelled()
                    if profile == .full {
                        return try (0..<readout.foldCount).map { held in
                            defer { number += 1 }
                            return try fineTuned(
                                variant, subtype, held: held, fraction: fraction, readout, of: result.name, number: number, all: fits)
                        }
                    }
                    monitor.tell("label efficiency", number, of: fits, detail: "\(variant.title), \(subtype.title)")
                    number += readout.foldCount
                    return try parallel.map(readout.foldCount) { held in
                        Result { try readout.linear(subtype, held: held, model: model, frozen: frozen, fraction: fraction).decisions }
                    }.map { try $0.get() }
                }
                byVariant.append(values)
                for (fraction, folds) in zip(profile.fractions, values) {
                    let metric = "F1 at \(Int((100 * fraction).rounded())) %"
                    result.measurements.append(measured(variant.title, subtype, metric, folds) { $0.f1 })
                }
                let tests = values.map { PairedTest($0.map(\.scores.f1), testFraction: testFraction) }
                result.curves.append(
                    ExperimentResult.Curve(
                        series: variant.title, target: subtype.rawValue, x: profile.fractions,
                        mean: values.map { Spread($0.map(\.scores.f1)).mean }, lower: tests.map { max(0, $0?.lower ?? 0) },
                        upper: tests.map { min(1, $0?.upper ?? 1) }))
            }
            result.savings.append(saving(subtype, own: byVariant[0], full: byVariant[1][profile.fractions.count - 1]))
        }
        monitor.effort.end(.fineTuning(result.name))
        result.compare(EncoderVariant.drasclr.title, testFraction: testFraction)
        result.method += readout.method
        result.method.append(
            "The boxes of a fraction are a seeded choice among the training boxes of each fold; the curves' bands are 95 % intervals over folds by Nadeau and Bengio's variance"
        )
        result.method.append(
            profile == .full
                ? "Full fine-tuning: \(fineTuningInWords)"
                : "Linear readouts of frozen features; the profile `full` fine-tunes the whole network")
    }

    /// The least fraction at which the pre-trained network reaches what the random one reaches with all boxes.
    /// - Parameters:
    ///   - own: `[fraction][fold]`.
    ///   - full: of the random network with all boxes, `[fold]`.
    private func saving(_ subtype: EmphysemaSubtype, own: [[BoxDecisions]], full: [BoxDecisions]) -> ExperimentResult.Saving {
        let (ownParts, fullParts) = (own.map { $0.map(\.scoresBySubject) }, full.map(\.scoresBySubject))
        /// Of drawn subjects in each fold.
        func fraction(_ drawn: [[Int]]) -> Double? {
            func mean(_ folds: [[DetectionScores]]) -> Double {
                Spread(zip(folds, drawn).map { parts, rows in rows.reduce(.none) { $0 + parts[$1] }.f1 }).mean
            }
            let goal = mean(fullParts)
            return profile.fractions.indices.first { mean(ownParts[$0]) >= goal }.map { profile.fractions[$0] }
        }
        let sizes = fullParts.map(\.count)
        let interval = BootstrapInterval(folds: sizes, draws: profile.bootstrapDraws, seed: Self.seed) { drawn in
            fraction(drawn) ?? ExperimentResult.Saving.never
        }
        return ExperimentResult.Saving(
            target: subtype.title, fraction: fraction(sizes.map { Array(0..<$0) }), lower: interval?.lower, upper: interval?.upper)
    }

    /// Figure 5: dense masks by classifiers that never saw the subject.
    func emphysemaByStage(_ result: inout ExperimentResult) throws {
        let staged = cohort.subjects.filter { $0.labels["gold"] != nil }
        guard !staged.isEmpty else { throw Failure("\(cohort.folder.path) has no label \"gold\", against which emphysema could be shown") }
        let readout = try subtypeReadout(try boxes(noting: &result), cohort: cohort)
        let (model, frozen) = try freeze(.drasclr, readout)
        monitor.effort.begin(.masks)
        var percents: [EmphysemaSubtype: [(subject: PreparedSubject, percent: Double)]] = [:]
        var done = 0
        for held in 0..<readout.foldCount {
            let classifiers = try EmphysemaSubtype.allCases.map {
                try readout.linear($0, held: held, model: model, frozen: frozen).classifier
            }
            // Subjects without a box are in no fold's training part: the first fold's classifiers do not know them.
            let tested = Set(readout.testSubjects(held: held))
            let known = Set(readout.boxes.map(\.subject))
            for subject in staged where tested.contains(subject.id) || (held == 0 && !known.contains(subject.id)) {
                try monitor.checkCancelled()
                monitor.tell("masks", done, of: staged.count, detail: subject.id)
                let found = try pieces.value("masks/\(subject.id)", of: model.checksum) {
                    let image = try cohort.catalogue.image(of: subject, parallel: parallel)
                    let masks = try EmphysemaMask.segment(
                        image, atlas: cohort.atlas, classifiers: classifiers, stride: profile.maskStride, parallel: parallel)?.masks
                    return (masks ?? []).map(\.volumes.total.percent)
                }
                for (subtype, percent) in zip(EmphysemaSubtype.allCases, found) {
                    percents[subtype, default: []].append((subject, percent))
                }
                done += 1
                monitor.effort.reach(Double(done) / Double(staged.count))
            }
        }
        monitor.effort.end(.masks)
        for subtype in EmphysemaSubtype.allCases {
            let found = percents[subtype] ?? []
            let stages = Dictionary(grouping: found) { Int($0.subject.labels["gold"] ?? 0) }
            for stage in stages.keys.sorted() {
                let members = stages[stage] ?? []
                result.groups.append(
                    ExperimentResult.Group(
                        series: subtype.rawValue, name: stage == -1 ? "PRISm" : "GOLD \(stage)", subjects: members.map(\.subject.id),
                        values: members.map(\.percent)))
            }
            // PRISm is no stage of obstruction.
            let ordered = found.filter { ($0.subject.labels["gold"] ?? -1) >= 0 }
            if let rank = SpearmanCorrelation(ordered.map { $0.subject.labels["gold"] ?? 0 }, ordered.map(\.percent)) {
                result.measurements.append(
                    MethodScore(
                        method: EncoderVariant.drasclr.title, target: subtype.rawValue, metric: "Spearman ρ with GOLD",
                        folds: [rank.coefficient],
                        interval: BootstrapInterval(subjects: ordered.count, draws: profile.bootstrapDraws, seed: Self.seed) { drawn in
                            SpearmanCorrelation(
                                drawn.map { ordered[$0].subject.labels["gold"] ?? 0 }, drawn.map { ordered[$0].percent })?.coefficient
                        }, count: rank.count, note: String(format: "p %.2g", rank.p)))
            }
        }
        result.method += readout.method
        result.method.append(
            "n: subjects with a GOLD stage, PRISm (-1) outside the correlation; masks at stride \(profile.maskStride) mm by linear readouts of the fold that the subject was held out of; threshold \(EmphysemaMask.threshold); [ ] a bootstrap interval over subjects"
        )
    }
}

extension EmphysemaSubtype {
    /// In words.
    var title: String { self == .centrilobular ? "centrilobular" : "paraseptal" }
}
