/// The step of a convolution as a type, so that each has its own machine code.
protocol Step {
    static var voxels: Int { get }
}

enum StrideOne: Step {
    @inline(__always) static var voxels: Int { 1 }
}

enum StrideTwo: Step {
    @inline(__always) static var voxels: Int { 2 }
}
