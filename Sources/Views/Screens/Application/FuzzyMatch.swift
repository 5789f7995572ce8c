/// Search of commands by name: words and their beginnings first, then initials, then letters within a word.
package enum FuzzyMatch {
    private struct Entry {
        let command: Command
        /// Of the help, the name on tapes, and the screen.
        let words: [[Character]]
        /// First letters of the help's words.
        let initials: String
        let help: String

        init(_ command: Command) {
            self.command = command
            let own = FuzzyMatch.words(command.help)
            initials = String(own.compactMap(\.first))
            help = own.joined(separator: " ")
            words = (own + FuzzyMatch.words("\(command.id.rawValue) \(command.home?.title ?? "")")).map(Array.init)
        }

        /// How well one word of a query fits; nil where it does not.
        func score(_ wanted: [Character]) -> Int? {
            if words.contains(wanted) { return 400 }
            if words.contains(where: { $0.starts(with: wanted) }) { return 300 }
            guard wanted.count > 1 else { return nil }
            if initials.contains(String(wanted)) { return 250 }
            if words.contains(where: { String($0).contains(String(wanted)) }) { return 150 }
            return words.contains { $0.first == wanted.first && FuzzyMatch.holds($0, inOrder: wanted) } ? 100 : nil
        }
    }

    private static let entries = CommandTable.all.map(Entry.init)
    private static let ownScreen = 30

    /// The commands that match, best first; those of the screen before equal ones of others, ties in table order.
    package static func commands(_ query: String, on screen: ScreenID) -> [Command] {
        let offered = entries.filter { $0.command.works(on: screen) || $0.command.home != nil }
        let wanted = words(query)
        if wanted.isEmpty, query.contains(where: { $0 != " " }) { return [] }
        let scored = offered.enumerated().compactMap { index, entry in
            score(wanted, entry, on: screen).map { (score: $0, index: index, command: entry.command) }
        }
        return scored.sorted { ($0.score, -$0.index) > ($1.score, -$1.index) }.map(\.command)
    }

    private static func score(_ wanted: [String], _ entry: Entry, on screen: ScreenID) -> Int? {
        let own = entry.command.works(on: screen) ? ownScreen : 0
        if wanted.isEmpty { return own }
        if wanted.joined(separator: " ") == entry.help { return 1000 + own }
        var sum = 0
        for word in wanted {
            guard let found = entry.score(Array(word)) else { return nil }
            sum += found
        }
        return sum / wanted.count + own - min(24, entry.help.count / 4)
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    private static func holds(_ word: [Character], inOrder letters: [Character]) -> Bool {
        var rest = letters[...]
        for letter in word where letter == rest.first { rest.removeFirst() }
        return rest.isEmpty
    }
}
