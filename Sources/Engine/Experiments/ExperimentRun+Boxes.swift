import Foundation

extension ExperimentRun {
    func subtypeReadout(_ boxes: [LesionBox], cohort: PreparedCohort) throws -> SubtypeReadout {
        try SubtypeReadout(cohort: cohort, boxes: boxes, profile: profile, seed: Self.seed, parallel: parallel)
    }

    /// Table 5.
    func subtypes(_ result: inout ExperimentResult) throws {
        let readout = try subtypeReadout(try boxes(), cohort: cohort)
        for variant in [EncoderVariant.drasclr, .random] { result.measurements += try linearDetection(variant, readout: readout) }
        let fractions = try readout.lowAttenuation()
        for subtype in EmphysemaSubtype.allCases {
            let scores = try (0..<readout.foldCount).map { try readout.lowAttenuation(subtype, held: $0, fractions: fractions) }
            result.measurements += detection("patch LAA-950", subtype, scores, readout)
        }
        let folds = min(profile.fineTunedFolds, readout.foldCount)
        for variant in [EncoderVariant.drasclr, .random] {
            let model = try library.model(variant)
            for subtype in EmphysemaSubtype.allCases {
                let scores = try (0..<folds).map { held in
                    if isCancelled() { throw Cancelled() }
                    return try readout.fineTuned(subtype, held: held, model: model) { [report] in
                        report(
                            StageProgress(stage: "fine-tune \(variant.title), \(subtype.rawValue), fold \(held + 1)", done: $0, total: $1))
                    }
                }
                result.measurements += detection("\(variant.title), fine-tuned", subtype, scores, readout)
            }
        }
        result.compare("DrasCLR, linear", testFraction: testFraction)
        result.compare("DrasCLR, fine-tuned", testFraction: testFraction)
        result.notes.append(
            "\(readout.boxes.count) boxes; a box is positive where at least 25 % of its voxels have p > 0.5, every \(profile.boxStride)th voxel along each axis looked at; "
                + "negatives are healthy boxes; penalty by folds inside the training subjects")
        result.notes.append(
            "Full fine-tuning: \(folds) of \(readout.foldCount) folds, \(profile.fineTuning.epochs) epochs of \(profile.fineTuning.boxesPerStep) boxes × \(BoxFeatures.views) views a step, learning rate \(profile.fineTuning.learningRate)"
        )
    }

    /// F1, precision and recall of a variant's linear readout over all folds.
    func linearDetection(_ variant: EncoderVariant, readout: SubtypeReadout) throws -> [Measurement] {
        if isCancelled() { throw Cancelled() }
        report(StageProgress(stage: "boxes of \(variant.title)", done: 0, total: 1))
        let model = try library.model(variant)
        let frozen = try readout.freeze(model, cache: cache("\(variant.rawValue)-boxes"))
        report(StageProgress(stage: "boxes of \(variant.title)", done: 1, total: 1))
        return try EmphysemaSubtype.allCases.flatMap { subtype in
            let scores = try parallel.map(readout.foldCount) { held in
                Result { try readout.linear(subtype, held: held, model: model, frozen: frozen).scores }
            }.map { try $0.get() }
            return detection("\(variant.title), linear", subtype, scores, readout)
        }
    }

    private func detection(_ method: String, _ subtype: EmphysemaSubtype, _ scores: [DetectionScores], _ readout: SubtypeReadout)
        -> [Measurement]
    {
        let tested = scores.indices.reduce(0) { $0 + readout.split(subtype, held: $1).test.boxes.count }
        let parts: [(String, (DetectionScores) -> Double)] = [
            ("F1", { $0.f1 }), ("precision", { $0.precision }), ("recall", { $0.recall }),
        ]
        return parts.map { metric, value in
            Measurement(method: method, target: subtype.rawValue, metric: metric, folds: scores.map(value), interval: nil, count: tested)
        }
    }

    /// Figure 4.
    func labelEfficiency(_ result: inout ExperimentResult) throws {
        let readout = try subtypeReadout(try boxes(), cohort: cohort)
        for subtype in EmphysemaSubtype.allCases {
            var byVariant: [EncoderVariant: [[Double]]] = [:]
            for variant in [EncoderVariant.drasclr, .random] {
                let model = try library.model(variant)
                let frozen = try readout.freeze(model, cache: cache("\(variant.rawValue)-boxes"))
                let values = try profile.fractions.map { fraction in
                    if isCancelled() { throw Cancelled() }
                    return try (0..<readout.foldCount).map { held in
                        profile == .full
                            ? try readout.fineTuned(subtype, held: held, model: model, fraction: fraction) { _, _ in }.f1
                            : try readout.linear(subtype, held: held, model: model, frozen: frozen, fraction: fraction).scores.f1
                    }
                }
                byVariant[variant] = values
                for (fraction, folds) in zip(profile.fractions, values) {
                    result.measurements.append(
                        Measurement(
                            method: variant.title, target: subtype.rawValue, metric: "F1 at \(Int((100 * fraction).rounded())) %",
                            folds: folds,
                            interval: nil, count: readout.boxes.count))
                }
                let tests = values.map { PairedTest($0, testFraction: testFraction) }
                result.curves.append(
                    ExperimentResult.Curve(
                        series: variant.title, target: subtype.rawValue, x: profile.fractions, mean: values.map { Spread($0).mean },
                        lower: tests.map { $0?.lower ?? .nan }, upper: tests.map { $0?.upper ?? .nan }))
            }
            if let own = byVariant[.drasclr], let other = byVariant[.random]?.last {
                result.notes.append(Self.crossing(subtype.title, fractions: profile.fractions, own: own, full: other))
            }
        }
        result.compare(EncoderVariant.drasclr.title, testFraction: testFraction)
        result.notes.append(
            profile == .full ? "Full fine-tuning" : "Linear readouts of frozen features; the profile `full` fine-tunes the whole network")
    }

    /// The least fraction at which the pre-trained network reaches what the random one reaches with all boxes, with a bootstrap interval over
    /// folds.
    private static func crossing(_ name: String, fractions: [Double], own: [[Double]], full: [Double]) -> String {
        func fraction(_ folds: [Int]) -> Double? {
            let goal = Spread(folds.map { full[$0] }).mean
            return fractions.indices.first { place in Spread(folds.map { own[place][$0] }).mean >= goal }.map { fractions[$0] }
        }
        guard let found = fraction(Array(full.indices)) else {
            return "\(name): the pre-trained network does not reach the random one's F1 with all boxes"
        }
        let interval = BootstrapInterval(subjects: full.count, seed: Self.seed) { fraction($0) }
        let range = interval.map { String(format: " [%.0f–%.0f %%]", 100 * $0.lower, 100 * $0.upper) } ?? ""
        return String(
            format: "%@: the pre-trained network reaches the random one's full-data F1 with %.0f %% of the boxes%@", name, 100 * found,
            range)
    }

    /// Figure 5: dense masks by classifiers that never saw the subject.
    func emphysemaByStage(_ result: inout ExperimentResult) throws {
        let readout = try subtypeReadout(try boxes(), cohort: cohort)
        let model = try library.model(.drasclr)
        let frozen = try readout.freeze(model, cache: cache("\(EncoderVariant.drasclr.rawValue)-boxes"))
        let staged = cohort.subjects.filter { $0.labels["gold"] != nil }
        guard !staged.isEmpty else { throw Failure("\(cohort.folder.path) has no label \"gold\", against which emphysema could be shown") }
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
                if isCancelled() { throw Cancelled() }
                report(StageProgress(stage: "masks", done: done, total: staged.count, detail: subject.id))
                let image = try cohort.catalogue.image(of: subject, parallel: parallel)
                let found = try EmphysemaMask.segment(
                    image, atlas: cohort.atlas, classifiers: classifiers, stride: profile.maskStride, parallel: parallel)
                for mask in found?.masks ?? [] { percents[mask.subtype, default: []].append((subject, mask.volumes.total.percent)) }
                done += 1
            }
        }
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
                    Measurement(
                        method: EncoderVariant.drasclr.title, target: subtype.rawValue, metric: "Spearman ρ with GOLD",
                        folds: [rank.coefficient],
                        interval: BootstrapInterval(subjects: ordered.count, draws: profile.bootstrapDraws, seed: Self.seed) { drawn in
                            SpearmanCorrelation(
                                drawn.map { ordered[$0].subject.labels["gold"] ?? 0 }, drawn.map { ordered[$0].percent })?.coefficient
                        }, count: rank.count, note: String(format: "p %.2g", rank.p)))
            }
        }
        result.notes.append(
            "Masks at stride \(profile.maskStride) mm by linear readouts of the fold that the subject was held out of; threshold \(EmphysemaMask.threshold)"
        )
    }
}

extension EmphysemaSubtype {
    /// In words.
    var title: String { self == .centrilobular ? "centrilobular" : "paraseptal" }
}
