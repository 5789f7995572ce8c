extension CommandTable {
    /// Every screen with its commands, then those that work everywhere.
    private static var parts: [(title: String, commands: [Command])] {
        ScreenID.allCases.map { screen in (screen.title, all.filter { $0.screens.contains(screen) }) }
            + [("Everywhere", all.filter { $0.screens.isEmpty })]
    }

    private static func keys(_ command: Command) -> String { command.keys.map { "`\($0.name)`" }.joined(separator: " ") }

    /// All keys, for `docs/keys.md`: a table for each screen, then the keys that work everywhere.
    package static var markdown: String {
        parts.map { part in
            let rows = part.commands.map { "| \(keys($0)) | \($0.help) |" }
            return (["## \(part.title)", "", "| key | does |", "|---|---|"] + rows).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// One screenful for the README: a row for each screen, with what its foot shows.
    package static var markdownSummary: String {
        let rows = parts.map { part in
            let shown = part.commands.filter { !$0.hint.isEmpty }.map { "\(keys($0)) \($0.hint)" }
            return "| \(part.title) | \(shown.joined(separator: ", ")) |"
        }
        return (["| screen | keys |", "|---|---|"] + rows).joined(separator: "\n")
    }
}
