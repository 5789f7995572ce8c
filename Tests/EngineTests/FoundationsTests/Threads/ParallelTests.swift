import Foundation
import Foundations
import Synchronization
import Testing

@Suite("Work on several threads")
struct ParallelTests {
    @Test("every piece is done once and in place, also while a key lies unread and a frame never ends")
    func piecesAreDone() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var byte: UInt8 = 1
        #expect(write(ends[1], &byte, 1) == 1)
        Parallel.watchKeys(ends[0])
        Parallel.beginFrame()
        defer {
            Parallel.watchKeys(nil)
            Parallel.endFrame()
        }
        for threads in [1, 2, 5] {
            let visits = Mutex([Int](repeating: 0, count: 50))
            Parallel(threads: threads).forEach(50) { index in visits.withLock { $0[index] += 1 } }
            #expect(visits.withLock { $0 } == [Int](repeating: 1, count: 50))
            #expect(Parallel(threads: threads).map(50) { $0 * $0 } == (0..<50).map { $0 * $0 })
        }
    }

    @Test("of several errors the one of the lowest index is thrown")
    func lowestError() {
        #expect(throws: Failure("3")) {
            _ = try Parallel(threads: 4).map(20) { index throws(Failure) in
                if index >= 3 { throw Failure("\(index)") }
                return index
            }
        }
    }
}
