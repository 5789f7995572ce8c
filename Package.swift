// swift-tools-version: 6.1
import PackageDescription

/// Flags of the number-crunching target variants: one Swift source, compiled once per x86-64 level.
/// `-Ounchecked` drops overflow and bounds checks there and nowhere else; arguments are checked once on entry by the callers.
func kernelSettings(_ level: String, _ flags: [String]) -> [SwiftSetting] {
    [.unsafeFlags(["-Ounchecked", "-warnings-as-errors"] + flags), .define("KERNEL_\(level)"), .swiftLanguageMode(.v6)]
}

#if arch(x86_64)
    let kernelTargets: [Target] = [
        .target(
            name: "Kernels", dependencies: ["CPrefetch", "KernelInterface"],
            swiftSettings: kernelSettings("V2", ["-Xcc", "-march=x86-64-v2"])),
        .target(
            name: "Kernels_v3", dependencies: ["CPrefetch", "KernelInterface"],
            swiftSettings: kernelSettings("V3", ["-Xcc", "-march=x86-64-v3", "-Xcc", "-mtune=haswell"])),
        .target(
            name: "Kernels_v4", dependencies: ["CPrefetch", "KernelInterface"],
            swiftSettings: kernelSettings("V4", ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mtune=znver4"])),
    ]
    let kernelNames: [Target.Dependency] = ["KernelInterface", "Kernels", "Kernels_v3", "Kernels_v4"]
#else
    let kernelTargets: [Target] = [
        .target(name: "Kernels", dependencies: ["CPrefetch", "KernelInterface"], swiftSettings: kernelSettings("PORTABLE", []))
    ]
    let kernelNames: [Target.Dependency] = ["KernelInterface", "Kernels"]
#endif

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .unsafeFlags(["-warnings-as-errors"])]

let package = Package(
    name: "DrasCLRWorkbench",
    products: [.executable(name: "workbench", targets: ["Workbench"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "CNcurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(
            name: "CNifti", linkerSettings: [.linkedLibrary("nifti2"), .linkedLibrary("znz"), .linkedLibrary("z"), .linkedLibrary("m")]),
        .target(name: "CZip", linkerSettings: [.linkedLibrary("zip")]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CPrefetch"),
        .target(name: "KernelInterface", swiftSettings: strict),
    ] + kernelTargets + [
        .target(
            name: "Engine",
            dependencies: ["CNifti", "COpenBLAS", "COpenSSL", "CZip"] + kernelNames,
            swiftSettings: strict),
        .target(name: "Views", dependencies: ["Engine", "CNcurses"], swiftSettings: strict),
        .executableTarget(
            name: "Workbench",
            dependencies: ["Engine", "Views", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine"] + kernelNames, swiftSettings: strict),
        .testTarget(name: "ViewModelTests", dependencies: ["Views", "Engine"], swiftSettings: strict),
    ]
)
