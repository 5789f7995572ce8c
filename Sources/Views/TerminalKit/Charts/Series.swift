/// A quantity recorded at rising steps, with a pyramid of block summaries so that a chart of a million values is drawn from a few thousand.
package struct Series: Equatable, Sendable {
    /// What a stretch of values amounts to.
    package struct Summary: Equatable, Sendable {
        package var minimum, maximum: Float
        package var sum: Double
        package var count: Int
        package var mean: Double { sum / Double(count) }

        package init(_ value: Float) {
            minimum = value
            maximum = value
            sum = Double(value)
            count = 1
        }

        mutating func add(_ other: Summary) {
            minimum = min(minimum, other.minimum)
            maximum = max(maximum, other.maximum)
            sum += other.sum
            count += other.count
        }
    }

    private static let blockSize = 16
    package private(set) var steps: [Int] = []
    package private(set) var values: [Float] = []
    /// `levels[k]`: summaries of complete blocks of 16^(k+1) values.
    private var levels: [[Summary]] = []

    package init() {}

    package var count: Int { values.count }
    package var isEmpty: Bool { values.isEmpty }
    package var last: (step: Int, value: Float)? { values.last.map { (steps[steps.count - 1], $0) } }

    /// Adds a value; ignored where it is not finite or its step is not above the last one.
    package mutating func append(step: Int, _ value: Double) {
        guard value.isFinite, abs(value) < 1e30, step > (steps.last ?? .min) else { return }
        steps.append(step)
        values.append(Float(value))
        var level = 0
        var size = Self.blockSize
        while values.count % size == 0 {
            if levels.count == level { levels.append([]) }
            let start = values.count - size
            levels[level].append(level == 0 ? summary(rawRange: start..<values.count)! : merged(levels[level - 1].suffix(Self.blockSize)))
            level += 1
            size *= Self.blockSize
        }
    }

    /// Forgets the values after a step: a resumed run computes them again.
    package mutating func truncate(after step: Int) {
        let keep = firstIndex(above: step)
        guard keep < values.count else { return }
        steps.removeSubrange(keep...)
        values.removeSubrange(keep...)
        var size = Self.blockSize
        for level in levels.indices {
            levels[level].removeSubrange(min(levels[level].count, keep / size)...)
            size *= Self.blockSize
        }
    }

    /// The summary of the values whose step lies in lower ..< upper; nil if there is none.
    package func summary(steps range: Range<Int>) -> Summary? {
        summary(firstIndex(above: range.lowerBound - 1)..<firstIndex(above: range.upperBound - 1))
    }

    /// The summary of values by index: whole blocks come from the pyramid, the ends value by value.
    package func summary(_ indices: Range<Int>) -> Summary? {
        var total: Summary?
        var at = indices.lowerBound
        while at < indices.upperBound {
            var level = -1
            var size = 1
            while level + 1 < levels.count, at % (size * Self.blockSize) == 0, at + size * Self.blockSize <= indices.upperBound {
                level += 1
                size *= Self.blockSize
            }
            let piece = level < 0 ? Summary(values[at]) : levels[level][at / size]
            if total == nil { total = piece } else { total!.add(piece) }
            at += size
        }
        return total
    }

    /// The value of a step, or of the nearest one before it; nil before the first.
    package func value(at step: Int) -> Float? {
        let index = firstIndex(above: step)
        return index > 0 ? values[index - 1] : nil
    }

    /// The first step whose value is at least so much, in a series that rises.
    package func firstStep(reaching value: Float) -> Int? {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if values[middle] >= value { high = middle } else { low = middle + 1 }
        }
        return low < steps.count ? steps[low] : nil
    }

    /// The first index whose step is above `step`.
    private func firstIndex(above step: Int) -> Int {
        guard let first = steps.first, let last = steps.last else { return 0 }
        // Steps that follow each other without a gap, as those of a run do, need no search.
        if last - first == steps.count - 1 { return max(0, min(steps.count, step - first + 1)) }
        var (low, high) = (0, steps.count)
        while low < high {
            let middle = (low + high) / 2
            if steps[middle] > step { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func summary(rawRange: Range<Int>) -> Summary? {
        var total: Summary?
        for index in rawRange {
            if total == nil { total = Summary(values[index]) } else { total!.add(Summary(values[index])) }
        }
        return total
    }

    private func merged(_ pieces: ArraySlice<Summary>) -> Summary {
        pieces.dropFirst().reduce(into: pieces.first!) { $0.add($1) }
    }
}
