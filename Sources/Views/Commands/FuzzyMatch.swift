/// Fuzzy search: all letters of the query in order, the tighter the better.
package enum FuzzyMatch {
    /// A score, higher is better; nil where the query's letters do not all occur in order. Letters that follow on each other and letters at
    /// the start of words score more.
    package static func score(_ query: String, _ text: String) -> Int? {
        let wanted = Array(query.lowercased().unicodeScalars.filter { $0 != " " })
        let found = Array(text.lowercased().unicodeScalars)
        guard !wanted.isEmpty else { return 0 }
        // best[i]: the best score with the query matched so far and its last letter at text index i.
        var best = [Int?](repeating: nil, count: found.count)
        for (position, letter) in wanted.enumerated() {
            var next = [Int?](repeating: nil, count: found.count)
            var bestBefore: Int?
            for index in found.indices {
                if found[index] == letter {
                    let startsWord = index == 0 || !found[index - 1].properties.isAlphabetic
                    let bonus = startsWord ? 4 : 0
                    if position == 0 {
                        next[index] = bonus + 1
                    } else {
                        let adjacent = index > 0 ? best[index - 1].map { $0 + 6 + bonus } : nil
                        let apart = bestBefore.map { $0 + 1 + bonus }
                        next[index] = [adjacent, apart].compactMap { $0 }.max()
                    }
                }
                if let value = best[index] { bestBefore = max(bestBefore ?? value, value) }
            }
            best = next
        }
        return best.compactMap { $0 }.max().map { $0 * 8 - found.count / 4 }
    }

    /// The commands that match, best first; ties in table order.
    package static func commands(_ query: String, on screen: ScreenID) -> [Command] {
        let candidates = CommandTable.commands(on: screen)
        let scored = candidates.enumerated().compactMap { index, command in
            score(query, "\(command.help) \(command.id.rawValue)").map { (score: $0, index: index, command: command) }
        }
        return scored.sorted { ($0.score, -$0.index) > ($1.score, -$1.index) }.map(\.command)
    }
}
