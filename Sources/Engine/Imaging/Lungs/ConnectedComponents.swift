import Foundations

/// The parts of a mask that hang together through voxel faces (6-connected).
package struct ConnectedComponents {
    /// For each voxel 0 outside the mask, else its component's number, 1 for the largest, then by falling size
    /// (of equals the one met first in storage order).
    package private(set) var labels: [Int32]
    /// Voxels of each component; element 0 is unused.
    package private(set) var sizes: [Int]

    /// Number of components.
    package var count: Int { sizes.count - 1 }

    package init(of mask: [UInt8], extent: Extent3, where isInside: (UInt8) -> Bool) {
        precondition(mask.count == extent.count, "ConnectedComponents: \(mask.count) voxels, expected \(extent.count)")
        var found = [Int32](repeating: 0, count: mask.count)
        var sizesAsFound = [0]
        var stack: [Int] = []
        for start in mask.indices where found[start] == 0 && isInside(mask[start]) {
            let number = Int32(sizesAsFound.count)
            var size = 0
            stack.append(start)
            found[start] = number
            while let voxel = stack.popLast() {
                size += 1
                extent.forEachFaceNeighbour(of: voxel) { neighbour in
                    guard found[neighbour] == 0, isInside(mask[neighbour]) else { return }
                    found[neighbour] = number
                    stack.append(neighbour)
                }
            }
            sizesAsFound.append(size)
        }
        let order = (1..<max(1, sizesAsFound.count)).sorted { (sizesAsFound[$0], $1) > (sizesAsFound[$1], $0) }
        var rank = [Int32](repeating: 0, count: sizesAsFound.count)
        for (place, number) in order.enumerated() { rank[number] = Int32(place + 1) }
        labels = found.map { rank[Int($0)] }
        sizes = [0] + order.map { sizesAsFound[$0] }
    }
}

extension Extent3 {
    /// Calls `body` with the storage place of each of the up to six voxels that share a face with the one at `place`.
    @inline(__always)
    func forEachFaceNeighbour(of place: Int, _ body: (Int) -> Void) {
        let plane = x * y
        let column = place % x
        let row = place / x % y
        if column > 0 { body(place - 1) }
        if column < x - 1 { body(place + 1) }
        if row > 0 { body(place - x) }
        if row < y - 1 { body(place + x) }
        if place >= plane { body(place - plane) }
        if place < count - plane { body(place + plane) }
    }

    /// Everything that hangs together with the seeds through faces, inside `isInside`.
    func flood(from seeds: some Sequence<Int>, where isInside: (Int) -> Bool) -> [Bool] {
        var isReached = [Bool](repeating: false, count: count)
        var stack: [Int] = []
        for seed in seeds where !isReached[seed] && isInside(seed) {
            isReached[seed] = true
            stack.append(seed)
        }
        while let voxel = stack.popLast() {
            forEachFaceNeighbour(of: voxel) { neighbour in
                guard !isReached[neighbour], isInside(neighbour) else { return }
                isReached[neighbour] = true
                stack.append(neighbour)
            }
        }
        return isReached
    }
}
