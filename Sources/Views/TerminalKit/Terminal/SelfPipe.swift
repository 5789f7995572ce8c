import Foundation
import Foundations

/// A pipe of the process to itself, with which signals and background queues wake a `poll`. Neither end blocks.
package struct SelfPipe: Sendable {
    package let readEnd: Int32
    package let writeEnd: Int32

    package init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure.system("make a pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    package func close() {
        Foundation.close(readEnd)
        Foundation.close(writeEnd)
    }
}
