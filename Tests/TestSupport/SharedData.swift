import Foundation

/// Real scans and reference numbers. The small reference numbers are part of the package; the scans and the large numbers lie beside a checkout,
/// and tests that need them are skipped where they are absent.
package enum SharedData {
    private static let beside = Checkout.root.deletingLastPathComponent().appendingPathComponent("shared")
    private static let ctFolder = variable("DRASCLR_CT") ?? beside.appendingPathComponent("ct")
    /// Where reference numbers are looked for, in this order, file by file.
    private static let fixtureFolders =
        [variable("DRASCLR_FIXTURES"), beside.appendingPathComponent("fixtures"), Checkout.root.appendingPathComponent("Tests/Fixtures")]
        .compactMap { $0 }

    package static var hasCT: Bool { exists(ctFolder) }
    package static func ct(_ name: String) -> URL { ctFolder.appendingPathComponent(name) }

    package static func hasFixtures(_ names: String...) -> Bool { names.allSatisfy { exists(fixture($0)) } }

    /// The first file of that name; where there is none, the place where the package would have it.
    package static func fixture(_ name: String) -> URL {
        let places = fixtureFolders.map { $0.appendingPathComponent(name) }
        return places.first(where: exists) ?? places[places.count - 1]
    }

    private static func variable(_ name: String) -> URL? {
        ProcessInfo.processInfo.environment[name].map { URL(fileURLWithPath: $0) }
    }

    private static func exists(_ place: URL) -> Bool { FileManager.default.fileExists(atPath: place.path) }
}
