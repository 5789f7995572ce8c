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

/// Generic code and small functions are compiled into the targets that use them, so that the walls between targets cost no time.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .unsafeFlags(["-warnings-as-errors", "-cross-module-optimization"])]

/// A target of the engine: a folder of `Sources/Engine`, and what it may use.
func engine(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Engine/\(name)", swiftSettings: strict)
}

// Dependencies point one way, from the bottom up; ARCHITECTURE.md has the picture.
let engineTargets: [Target] = [
    engine("Foundations", ["COpenBLAS", "COpenSSL", "CSystem", "CZlib"]),
    engine("Imaging", ["Foundations", "CNifti"]),
    engine("Statistics", ["Foundations"]),
    engine("Network", ["Foundations", "CZip"] + kernelNames),
    engine("SessionFormat", ["Network", "Foundations"]),
    engine("Cohorts", ["Imaging", "Foundations"]),
    engine("Masks", ["Cohorts", "SessionFormat", "Imaging", "Foundations"]),
    engine("StudyResults", ["Statistics", "SessionFormat", "Foundations"]),
    engine("Learning", ["CZlib", "Cohorts", "SessionFormat", "Network", "Statistics", "Imaging", "Foundations", "KernelInterface"]),
    engine(
        "Inference",
        ["Masks", "Learning", "Cohorts", "SessionFormat", "Network", "Statistics", "Imaging", "Foundations", "KernelInterface"]),
    engine(
        "Studies",
        [
            "Inference", "StudyResults", "Masks", "Learning", "Cohorts", "SessionFormat", "Network", "Statistics", "Imaging", "Foundations",
            "KernelInterface",
        ]),
]
let engineNames: [Target.Dependency] = [
    "Foundations", "Imaging", "Statistics", "Network", "SessionFormat", "Cohorts", "Masks", "StudyResults", "Learning", "Inference",
    "Studies",
]

/// Tests of a library target: the folder of its name under `Tests/EngineTests` or `Tests/ViewModelTests`, and what they use beside it.
func tests(_ name: String, in folder: String = "EngineTests", _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: ["TestSupport"] + dependencies, path: "Tests/\(folder)/\(name)Tests", swiftSettings: strict)
}

let testTargets: [Target] = [
    // What the tests of several targets use.
    .target(
        name: "TestSupport",
        dependencies: [
            "TerminalKit", "Learning", "Cohorts", "SessionFormat", "Network", "Imaging", "Foundations", "KernelInterface", "CZlib",
        ],
        path: "Tests/TestSupport", swiftSettings: strict),
    tests("Foundations", ["Foundations"]),
    tests("Imaging", ["Imaging", "Foundations"]),
    tests("Statistics", ["Statistics", "Foundations"]),
    tests("Kernels", ["Network", "Foundations"] + kernelNames),
    tests("Network", ["Network", "Foundations", "KernelInterface"]),
    tests("SessionFormat", ["SessionFormat", "Foundations"]),
    tests("Cohorts", ["Cohorts", "Imaging", "Foundations"]),
    tests("Masks", ["Masks", "Cohorts", "SessionFormat", "Imaging", "Foundations"]),
    tests("StudyResults", ["StudyResults", "Foundations"]),
    tests("Learning", ["Learning", "Cohorts", "SessionFormat", "Network", "Imaging", "Foundations", "KernelInterface"]),
    tests("Inference", ["Inference", "Masks", "Learning", "Cohorts", "Network", "Imaging", "Foundations", "KernelInterface"]),
    tests("Studies", ["Studies", "StudyResults", "Learning", "Cohorts", "SessionFormat", "Imaging", "Foundations"]),
    // The built program, run as its users run it.
    tests("Commands", ["Studies", "StudyResults", "Inference", "Masks", "Cohorts", "SessionFormat", "Imaging", "Foundations"]),
    tests("TerminalKit", in: "ViewModelTests", ["TerminalKit", "Foundations"]),
    tests(
        "Screens", in: "ViewModelTests",
        [
            "Interface", "Screens", "TerminalKit", "StudyResults", "Masks", "Cohorts", "SessionFormat", "Statistics", "Imaging",
            "Foundations",
        ]),
]

let package = Package(
    name: "DrasCLRWorkbench",
    products: [.executable(name: "workbench", targets: ["Workbench"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .target(name: "CNcurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(
            name: "CNifti", linkerSettings: [.linkedLibrary("nifti2"), .linkedLibrary("znz"), .linkedLibrary("z"), .linkedLibrary("m")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CSystem"),
        .target(name: "CZip", linkerSettings: [.linkedLibrary("zip")]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSixel", pkgConfig: "libsixel", providers: [.apt(["libsixel-dev"])]),
        .systemLibrary(name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
        .target(name: "CFont", dependencies: ["CFreeType"], exclude: ["LICENSE-DejaVu.txt"]),
        .target(name: "CPrefetch"),
        .target(name: "KernelInterface", swiftSettings: strict),
    ] + kernelTargets + engineTargets + [
        .target(
            name: "TerminalKit", dependencies: ["Foundations", "CNcurses", "CSixel", "CFont", "CZlib"], path: "Sources/Views/TerminalKit",
            swiftSettings: strict),
        .target(
            name: "Screens",
            dependencies: ["TerminalKit", "StudyResults", "Masks", "Cohorts", "SessionFormat", "Statistics", "Imaging", "Foundations"],
            path: "Sources/Views/Screens", swiftSettings: strict),
        .target(
            name: "Interface",
            dependencies: ["Screens", "TerminalKit", "StudyResults", "Masks", "Cohorts", "SessionFormat", "Imaging", "Foundations"],
            path: "Sources/Views/Interface", swiftSettings: strict),
        .executableTarget(
            name: "Workbench",
            dependencies: engineNames + [
                "Interface", "Screens", "TerminalKit", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
    ] + testTargets
)
