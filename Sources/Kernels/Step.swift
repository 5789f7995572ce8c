/// The step of a convolution as a type, so that each has its own machine code.
protocol Step {
    static var voxels: Int { get }
}

enum One: Step {
    @inline(__always) static var voxels: Int { 1 }
}

enum Two: Step {
    @inline(__always) static var voxels: Int { 2 }
}
