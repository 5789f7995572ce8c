extension CommandTable {
    /// The README's list of keys: a table for each screen, then the keys that work everywhere.
    package static var markdown: String {
        var parts: [(title: String, commands: [Command])] = ScreenID.allCases.map { screen in
            (screen.title, all.filter { $0.screens.contains(screen) })
        }
        parts.append(("Everywhere", all.filter { $0.screens.isEmpty }))
        return parts.map { part in
            let rows = part.commands.map { command in
                "| \(command.keys.map { "`\($0.name)`" }.joined(separator: " ")) | \(command.help) |"
            }
            return (["**\(part.title)**", "", "| key | does |", "|---|---|"] + rows).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}
