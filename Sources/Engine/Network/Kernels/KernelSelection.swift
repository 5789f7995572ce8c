import Foundation
import Foundations
import KernelInterface
import Kernels

#if arch(x86_64)
    import Kernels_v3
    import Kernels_v4
#endif

/// The kernels that this process uses.
package enum KernelSelection {
    /// The best instruction set of this processor, or the one named in `WORKBENCH_ISA` where the processor has it.
    package static let best: any KernelSet = {
        let possible = available
        if let wish = ProcessInfo.processInfo.environment["WORKBENCH_ISA"], let found = possible.first(where: { $0.name == wish }) {
            return found
        }
        return possible[0]
    }()

    /// All that this processor can run, best first.
    package static let available: [any KernelSet] = {
        #if arch(x86_64)
            let level = processorLevel()
            let all: [any KernelSet] = [Kernels_v4.NativeKernels(), Kernels_v3.NativeKernels(), Kernels.NativeKernels()]
            return Array(all.suffix(level - 1))
        #else
            return [Kernels.NativeKernels()]
        #endif
    }()

    /// The kernels of a name (`v2`, `v3`, `v4`).
    package static func named(_ name: String) throws -> any KernelSet {
        guard let found = available.first(where: { $0.name == name }) else {
            let names = available.map(\.name).joined(separator: ", ")
            throw Failure("this processor cannot run the instruction set \"\(name)\"; it can run \(names)")
        }
        return found
    }

    /// Kernels that compute the lanes of a block that is at most half full, and the same sums bit by bit: vectors of 8 lanes skip the empty half,
    /// of which a processor of level 4 does at least as many in a second as of vectors of 16.
    static func narrow(_ kernels: any KernelSet) -> any KernelSet {
        #if arch(x86_64)
            if kernels is Kernels_v4.NativeKernels { return Kernels_v3.NativeKernels() }
        #endif
        return kernels
    }

    #if arch(x86_64)
        /// 2, 3 or 4: the x86-64 level, from the flags that the operating system reports.
        private static func processorLevel() -> Int {
            guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
            else { return 2 }
            let flags = Set(line.split(separator: " ").map(String.init))
            guard flags.isSuperset(of: ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]) else { return 2 }
            return flags.isSuperset(of: ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]) ? 4 : 3
        }
    #endif
}
