import Foundation
import KernelInterface

/// For each landmark the newest keys of that landmark, from other subjects: hard negatives.
///
/// A landmark's slots start as seeded random unit vectors, made when the landmark is first used. Source: the release's `queue`.
package final class MemoryBank {
    /// One landmark's keys.
    package struct Slots {
        /// `[count][128]`, unit rows.
        package let keys: Floats
        /// The subject of each slot; -1 for the random start, or where it is not known.
        package let owners: [Int32]
        package let count: Int

        package init(keys: Floats, owners: [Int32], count: Int) {
            self.keys = keys
            self.owners = owners
            self.count = count
        }
    }

    package let landmarks: Int
    /// Keys a landmark.
    package let size: Int
    private let seed: UInt64
    private let width = EncoderArchitecture.embedding
    private var keys: [AlignedFloats?]
    private var owners: [[Int32]]
    /// The slot that the next key overwrites.
    package private(set) var next: [Int]

    package init(landmarks: Int, size: Int, seed: UInt64) {
        precondition(landmarks > 0 && size > 0, "MemoryBank: \(landmarks) landmarks × \(size), expected both positive")
        self.landmarks = landmarks
        self.size = size
        self.seed = seed
        keys = Array(repeating: nil, count: landmarks)
        owners = Array(repeating: Array(repeating: -1, count: size), count: landmarks)
        next = Array(repeating: 0, count: landmarks)
    }

    /// The slots of a landmark.
    package func slots(_ landmark: Int) -> Slots {
        Slots(keys: Floats(storage(landmark).pointer), owners: owners[landmark], count: size)
    }

    /// Fraction of a landmark's slots that hold keys of subjects.
    package func fill(_ landmark: Int) -> Double { Double(owners[landmark].count { $0 >= 0 }) / Double(size) }

    /// Overwrites the oldest slots. A batch larger than the bank leaves its last keys.
    package func enqueue(_ landmark: Int, keys: Floats, subjects: [Int32]) {
        let target = storage(landmark).pointer
        for (row, subject) in subjects.enumerated() {
            let slot = next[landmark]
            (target + slot * width).update(from: keys + row * width, count: width)
            owners[landmark][slot] = subject
            next[landmark] = (slot + 1) % size
        }
    }

    /// Replaces a landmark's keys and pointer.
    package func load(_ landmark: Int, keys: [Float], next: Int) {
        precondition(keys.count == size * width, "MemoryBank.load: \(keys.count) floats, expected \(size * width)")
        storage(landmark).pointer.update(from: keys, count: keys.count)
        self.next[landmark] = next
    }

    private func storage(_ landmark: Int) -> AlignedFloats {
        if let present = keys[landmark] { return present }
        let fresh = AlignedFloats(count: size * width)
        var generator = SeededGenerator(seed, 0x6261_6E6B, UInt64(landmark))
        for i in 0..<fresh.count { fresh.pointer[i] = Float(generator.normal()) }
        _ = UnitRows.normalise(fresh.pointer, count: size, width: width)
        keys[landmark] = fresh
        return fresh
    }
}
