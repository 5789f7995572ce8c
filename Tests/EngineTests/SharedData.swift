import Foundation

/// Real scans and reference numbers that lie beside a checkout; tests that need them are skipped where they are absent.
enum SharedData {
    static let ctFolder = folder(variable: "DRASCLR_CT", beside: "ct")
    static let fixtureFolder = folder(variable: "DRASCLR_FIXTURES", beside: "fixtures")

    static var hasCT: Bool { exists(ctFolder) }
    static var hasFixtures: Bool { exists(fixtureFolder) }

    static func ct(_ name: String) -> URL { ctFolder.appendingPathComponent(name) }
    static func fixture(_ name: String) -> URL { fixtureFolder.appendingPathComponent(name) }

    private static func folder(variable: String, beside name: String) -> URL {
        if let path = ProcessInfo.processInfo.environment[variable] { return URL(fileURLWithPath: path) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/\(name)")
    }

    private static func exists(_ folder: URL) -> Bool { FileManager.default.fileExists(atPath: folder.path) }
}
