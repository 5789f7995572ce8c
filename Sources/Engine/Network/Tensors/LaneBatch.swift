import KernelInterface

/// Which sample of a batch lies in which lane of which block.
///
/// A block holds up to 16 samples that share a location (and so a mixed kernel) and a batch-norm group.
package struct LaneBatch: Equatable {
    package struct Block: Equatable {
        /// Batch-norm group.
        package let group: Int
        /// Index into the pass's list of locations.
        package let location: Int
        /// Samples of the batch in lanes 0, 1, …
        package let samples: Range<Int>

        package init(group: Int, location: Int, samples: Range<Int>) {
            self.group = group
            self.location = location
            self.samples = samples
        }
    }

    package let blocks: [Block]
    package let groups: Int
    package let locations: Int
    package let samples: Int

    /// Samples in a batch-norm group, over all its blocks.
    package func samples(inGroup group: Int) -> Int { blocks.reduce(0) { $0 + ($1.group == group ? $1.samples.count : 0) } }

    /// `subjects` subjects at each of `locations` locations; sample = location · subjects + subject. Subjects are cut into groups of about
    /// `groupSize` (at least one group; equal sizes up to one), and every group takes its subjects' samples of all locations.
    package init(subjects: Int, locations: Int, groupSize: Int) {
        precondition(subjects > 0 && locations > 0 && groupSize > 0, "LaneBatch: counts must be positive")
        let groups = max(1, subjects / groupSize)
        var blocks: [Block] = []
        for group in 0..<groups {
            let members = (group * subjects / groups)..<((group + 1) * subjects / groups)
            for location in 0..<locations {
                for start in stride(from: members.lowerBound, to: members.upperBound, by: LaneLayout.lanes) {
                    let end = min(start + LaneLayout.lanes, members.upperBound)
                    blocks.append(Block(group: group, location: location, samples: location * subjects + start..<location * subjects + end))
                }
            }
        }
        self.init(blocks: blocks, groups: groups, locations: locations, samples: subjects * locations)
    }

    package init(blocks: [Block], groups: Int, locations: Int, samples: Int) {
        self.blocks = blocks
        self.groups = groups
        self.locations = locations
        self.samples = samples
    }

    /// The same batch with its locations counted from `offset`.
    package func shifted(byLocations offset: Int) -> LaneBatch {
        LaneBatch(
            blocks: blocks.map { Block(group: $0.group, location: $0.location + offset, samples: $0.samples) }, groups: groups,
            locations: locations, samples: samples)
    }

    /// The batch cut between groups into parts of at most `maximumBlocks` blocks (a single group may be larger); groups keep their numbers.
    package func parts(maximumBlocks: Int) -> [ArraySlice<Block>] {
        var parts: [ArraySlice<Block>] = []
        var start = 0
        var end = 0
        while end < blocks.count {
            var next = end
            while next < blocks.count, blocks[next].group == blocks[end].group { next += 1 }
            if next - start > maximumBlocks, end > start {
                parts.append(blocks[start..<end])
                start = end
            }
            end = next
        }
        parts.append(blocks[start..<end])
        return parts
    }
}
