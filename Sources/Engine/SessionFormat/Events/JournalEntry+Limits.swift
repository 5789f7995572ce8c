extension JournalEntry {
    /// The entry with every number brought into a range in which sums and products cannot overflow: a journal is a file, and files can
    /// hold anything.
    package func limited() -> JournalEntry {
        var entry = self
        entry.t = t.isFinite ? max(-1e9, min(1e9, t)) : 0
        entry.step = Self.limited(step)
        switch event {
        case .started(var run):
            run.totalSteps = Self.limited(run.totalSteps)
            run.stepsPerEpoch = Self.limited(run.stepsPerEpoch)
            run.landmarks = Self.limited(run.landmarks)
            run.resumedFrom = run.resumedFrom.map(Self.limited)
            entry.event = .started(run)
        case .step(var metrics):
            metrics.landmark = Self.limited(metrics.landmark)
            metrics.loss = Self.limited(metrics.loss)
            metrics.local = Self.limited(metrics.local)
            metrics.neighbour = Self.limited(metrics.neighbour)
            metrics.lr = Self.limited(metrics.lr)
            metrics.samples_per_s = Self.limited(metrics.samples_per_s)
            metrics.gradient_norm = Self.limited(metrics.gradient_norm)
            metrics.data_wait_s = Self.limited(metrics.data_wait_s)
            metrics.embedding_sd = Self.limited(metrics.embedding_sd)
            metrics.acc1 = Self.fraction(metrics.acc1)
            metrics.acc1_neighbour = Self.fraction(metrics.acc1_neighbour)
            metrics.bank_fill = Self.fraction(metrics.bank_fill)
            metrics.memory_mb = metrics.memory_mb.flatMap { $0.isFinite ? max(0, min(1e9, $0)) : nil }
            entry.event = .step(metrics)
        case .checkpoint(var checkpoint):
            checkpoint.bytes = Self.limited(checkpoint.bytes)
            entry.event = .checkpoint(checkpoint)
        case .progress(var progress):
            progress.done = Self.limited(progress.done)
            progress.total = Self.limited(progress.total)
            entry.event = .progress(progress)
        case .probe(var reading):
            reading.subjects = Self.limited(reading.subjects)
            reading.value = reading.value.flatMap { $0.isFinite ? Self.limited($0) : nil }
            reading.seconds = Self.limited(reading.seconds)
            reading.baseline = Self.fraction(reading.baseline)
            entry.event = .probe(reading)
        case .epoch(var summary):
            summary.epoch = Self.limited(summary.epoch)
            summary.meanLoss = Self.limited(summary.meanLoss)
            entry.event = .epoch(summary)
        case .fault(var fault):
            fault.landmark = fault.landmark.map(Self.limited)
            entry.event = .fault(fault)
        case .command, .mask, .classifiers, .finished: break
        }
        return entry
    }

    private static func limited(_ number: Int) -> Int { max(0, min(1_000_000_000_000, number)) }
    /// What is no number stays none: it is told as such.
    private static func limited(_ number: Double) -> Double { number.isNaN ? number : max(-1e12, min(1e12, number)) }
    private static func fraction(_ number: Double) -> Double { number.isFinite ? max(0, min(1, number)) : 0 }
}
