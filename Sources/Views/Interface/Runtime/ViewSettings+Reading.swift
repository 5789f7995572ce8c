import Foundation
import Screens

extension ViewSettings {
    /// Reads `view.json`; the settings of a first visit where there is none. A damaged file is no reason not to open a session.
    static func read(_ file: URL) -> ViewSettings {
        guard let data = try? Data(contentsOf: file), let found = try? JSONDecoder().decode(ViewSettings.self, from: data) else {
            return ViewSettings()
        }
        return found.limited()
    }
}
