import KernelInterface

/// The kernels as compiled for this target's instruction set.
public struct NativeKernels: KernelSet {
    public init() {}

    public var name: String {
        #if KERNEL_V4
            "v4"
        #elseif KERNEL_V3
            "v3"
        #elseif KERNEL_V2
            "v2"
        #else
            "portable"
        #endif
    }
}
