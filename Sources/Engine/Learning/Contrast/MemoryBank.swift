import Foundation
import Foundations
import KernelInterface
import Network
import SessionFormat

/// For each landmark the newest keys of that landmark, from other subjects: hard negatives.
///
/// A landmark's slots start as seeded random unit vectors, made when the landmark is first used; until then it costs no memory. Source: the
/// release's `queue`.
package final class MemoryBank {
    /// One landmark's keys.
    package struct Slots {
        /// `[count][128]`, unit rows. Valid until the bank is asked for another landmark or changed.
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
    package let precision: TrainingSettings.BankPrecision
    private let seed: UInt64
    private let width = EncoderArchitecture.embedding
    /// `[landmark][slot][128]`, Float32 or IEEE half bit patterns: one anonymous mapping, whose pages the system provides when they are touched.
    private let region: UnsafeMutableRawPointer
    private var started: [Bool]
    /// Empty until the landmark is first used.
    private var owners: [[Int32]]
    /// One landmark's keys as floats, where the bank holds halves.
    private let unpacked: AlignedFloats?
    /// The slot that the next key overwrites.
    private var next: [Int]
    /// Landmarks whose keys lie in the bank's log still: what puts them here.
    private var pendingRestores: [Int: () -> Void] = [:]

    package init(landmarks: Int, size: Int, seed: UInt64, precision: TrainingSettings.BankPrecision = .single) {
        precondition(landmarks > 0 && size > 0, "MemoryBank: \(landmarks) landmarks × \(size), expected both positive")
        self.landmarks = landmarks
        self.size = size
        self.seed = seed
        self.precision = precision
        started = Array(repeating: false, count: landmarks)
        owners = Array(repeating: [], count: landmarks)
        next = Array(repeating: 0, count: landmarks)
        unpacked = precision == .half ? AlignedFloats(count: size * width) : nil
        let bytes = landmarks * size * width * precision.bytes
        guard let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            mapped != MAP_FAILED
        else { fatalError("MemoryBank: the system has no room for \(bytes) bytes of address space") }
        region = mapped
        #if os(Linux)
            // A landmark that fills huge pages is read through fewer translations.
            if size * width * precision.bytes >= 2 << 20 { madvise(mapped, bytes, Int32(MADV_HUGEPAGE)) }
        #endif
    }

    deinit { munmap(region, landmarks * size * width * precision.bytes) }

    /// Leaves a landmark's keys where they are until they are asked for, so that a bank of any size is open at once.
    /// - Parameter restore: enqueues them.
    func restoreLater(_ landmark: Int, restore: @escaping () -> Void) { pendingRestores[landmark] = restore }

    private func restorePending(_ landmark: Int) { pendingRestores.removeValue(forKey: landmark)?() }

    /// The slot that a landmark's next key overwrites.
    package func next(_ landmark: Int) -> Int {
        restorePending(landmark)
        return next[landmark]
    }

    /// Which slots tell their subject.
    package enum Owners {
        case all
        /// The newest so many; the others say -2, or -1 where there is no key yet.
        case newest(Int)
    }

    /// The slots of a landmark.
    package func slots(_ landmark: Int, owners wanted: Owners = .all) -> Slots {
        start(landmark)
        var owners = self.owners[landmark]
        if case .newest(let count) = wanted {
            let newest = Set((1...max(1, min(count, size))).map { (next[landmark] - $0 + size) % size })
            for slot in owners.indices where owners[slot] >= 0 && !newest.contains(slot) { owners[slot] = -2 }
        }
        guard let unpacked else { return Slots(keys: Floats(singles(landmark)), owners: owners, count: size) }
        HalfPrecision.unpack(UnsafePointer(halves(landmark)), count: size * width, into: unpacked.pointer)
        return Slots(keys: Floats(unpacked.pointer), owners: owners, count: size)
    }

    /// Fraction of a landmark's slots that hold keys of subjects.
    package func fill(_ landmark: Int) -> Double {
        restorePending(landmark)
        return Double(owners[landmark].count { $0 >= 0 }) / Double(size)
    }

    /// Overwrites the oldest slots. A batch larger than the bank leaves its last keys.
    package func enqueue(_ landmark: Int, keys: Floats, subjects: [Int32]) {
        start(landmark)
        for (row, subject) in subjects.enumerated() {
            let slot = next[landmark]
            store(keys + row * width, count: width, landmark: landmark, offset: slot * width)
            owners[landmark][slot] = subject
            next[landmark] = (slot + 1) % size
        }
    }

    /// Moves a landmark's pointer past slots whose keys will be overwritten anyway.
    func skip(_ landmark: Int, slots: Int) { next[landmark] = (next[landmark] + slots) % size }

    /// Replaces a landmark's keys and pointer.
    package func load(_ landmark: Int, keys: [Float], next: Int) {
        precondition(keys.count == size * width, "MemoryBank.load: \(keys.count) floats, expected \(size * width)")
        keys.withUnsafeBufferPointer { store($0.baseAddress!, count: $0.count, landmark: landmark, offset: 0) }
        if !started[landmark] { owners[landmark] = Array(repeating: -1, count: size) }
        started[landmark] = true
        self.next[landmark] = next
    }

    private func start(_ landmark: Int) {
        restorePending(landmark)
        guard !started[landmark] else { return }
        started[landmark] = true
        owners[landmark] = Array(repeating: -1, count: size)
        let fresh = unpacked?.pointer ?? singles(landmark)
        var generator = SeededGenerator(seed, .bank, UInt64(landmark))
        for i in 0..<size * width { fresh[i] = Float(generator.normal()) }
        _ = UnitRows.normalise(fresh, count: size, width: width)
        if unpacked != nil { store(Floats(fresh), count: size * width, landmark: landmark, offset: 0) }
    }

    private func store(_ keys: Floats, count: Int, landmark: Int, offset: Int) {
        switch precision {
        case .single: (singles(landmark) + offset).update(from: keys, count: count)
        case .half: HalfPrecision.pack(keys, count: count, into: halves(landmark) + offset)
        }
    }

    private func singles(_ landmark: Int) -> MutableFloats {
        (region + landmark * size * width * 4).assumingMemoryBound(to: Float.self)
    }

    private func halves(_ landmark: Int) -> UnsafeMutablePointer<UInt16> {
        (region + landmark * size * width * 2).assumingMemoryBound(to: UInt16.self)
    }
}
