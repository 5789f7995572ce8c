import Foundation
import Testing

/// The sources of the kernels are compiled once for each instruction set. A function that such a module shares by name with others (a
/// generic one of the library, specialised) would be merged by the linker: AVX code could then run on a processor without AVX.
@Suite("Instruction sets stay in their modules")
struct KernelIsolationTests {
    private static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    private static let modules = ["Kernels_v3", "Kernels_v4"]

    private static func tool(_ name: String) -> URL? {
        let place = URL(fileURLWithPath: "/usr/bin/\(name)")
        return FileManager.default.isExecutableFile(atPath: place.path) ? place : nil
    }

    private static func objects(_ module: String) -> [URL] {
        let folder = products.appendingPathComponent("\(module).build")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".o") }.sorted().map(folder.appendingPathComponent)
    }

    private static func run(_ tool: URL, _ arguments: [String], line: (Substring) -> Void) throws {
        let process = Process()
        process.executableURL = tool
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for text in output.split(separator: "\n") { line(text) }
    }

    @Test(
        "no function of an AVX module bears a name that another module could have",
        .enabled(if: tool("nm") != nil && !objects("Kernels_v4").isEmpty, "needs nm and the build folder's objects"))
    func names() throws {
        let nm = try #require(Self.tool("nm"))
        for module in Self.modules {
            var functions = 0
            try Self.run(nm, Self.objects(module).map(\.path)) { line in
                let fields = line.split(separator: " ")
                guard fields.count == 3, "TtWw".contains(fields[1]) else { return }
                functions += 1
                #expect(fields[2].contains(module), "\(module) has the shared function \(fields[2])")
            }
            #expect(functions > 10)
        }
    }

    @Test(
        "only the AVX modules' functions use registers of 256 or 512 bits",
        .enabled(if: tool("objdump") != nil, "needs objdump"))
    func registers() throws {
        let objdump = try #require(Self.tool("objdump"))
        var name: Substring = ""
        var wide: [Substring: Int] = [:]
        try Self.run(objdump, ["-d", "--no-show-raw-insn", "/proc/\(getpid())/exe"]) { line in
            if line.hasSuffix(">:") { name = line } else if line.contains("%ymm") || line.contains("%zmm") { wide[name, default: 0] += 1 }
        }
        let modules = Self.modules
        #expect(wide.keys.contains { $0.contains(modules[0]) } && wide.keys.contains { $0.contains(modules[1]) })
        // The cryptography library chooses its own code at run time.
        let strangers = wide.keys.filter { name in !modules.contains(where: name.contains) && !name.contains("CCryptoBoringSSL") }
        #expect(strangers.isEmpty, "\(strangers)")
    }
}
