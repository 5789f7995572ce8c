import Foundations

/// What a label column of a cohort may hold: numbers, and for the columns that the evaluation knows those that they can be.
enum CohortLabel {
    /// What a column's numbers can be.
    private enum Domain {
        /// Whole numbers, and what they stand for.
        case whole(ClosedRange<Int>, String)
        case real(ClosedRange<Double>, String)
    }

    /// Generous for what is measured: only what cannot be is refused.
    private static let domains: [String: Domain] = [
        "sex": .whole(0...1, "M or F, or 1 for male and 0 for female"), "gold": .whole(-1...4, "GOLD stages, -1 for PRISm"),
        "cle": .whole(0...5, "grades"), "paraseptal": .whole(0...2, "grades"), "ae_history": .whole(0...1, "0 no, 1 yes"),
        "severity": .whole(0...4, "grades"), "event": .whole(0...1, "0 censored, 1 event"),
        "time": .real(0...100_000, "a time from 0"), "age": .real(0...130, "years"), "bmi": .real(5...150, "kg/m²"),
        "packyears": .real(0...500, "pack-years"), "pack_years": .real(0...500, "pack-years"),
        "fev1pp": .real(0.01...250, "percent of predicted"), "fev1_fvc": .real(0.01...120, "a ratio, or percent"),
    ]

    /// The words for sex, whole, in any case.
    private static let sexes = ["m": 1.0, "male": 1, "man": 1, "f": 0, "female": 0, "woman": 0]
    /// Nothing is known.
    private static let missing = ["", "na", "nan", "n/a"]

    /// A label's value; nil where it is not known.
    /// - Parameters:
    ///   - place: what messages call the row.
    /// - Throws: `Failure` where the text is not a number, or none that this column can hold.
    static func value(_ text: String, named name: String, in table: CSVTable, place: String) throws -> Double? {
        let word = text.lowercased()
        if missing.contains(word) { return nil }
        if name == "sex", let sex = sexes[word] { return sex }
        let shown = "\(place): the label \(name) is \"\(text.printable)\""
        guard let value = table.number(text), value.isFinite else {
            if name == "sex" {
                throw Failure("\(shown); expected \(sexes.keys.sorted().joined(separator: ", ")), 1 or 0, or nothing where it is not known")
            }
            if text.contains(","), !text.contains(".") {
                throw Failure("\(shown), with a comma within the number; write a point, or separate the columns by semicolons")
            }
            throw Failure("\(shown); expected a number, or nothing where it is not known")
        }
        guard let domain = domains[name] else { return value }
        switch domain {
        case .whole(let range, let meaning):
            guard value == value.rounded(), range.contains(Int(clamping: Int64(value))) else {
                throw Failure(
                    "\(shown); expected a whole number from \(range.lowerBound) to \(range.upperBound) (\(meaning)), or nothing where it is not known"
                )
            }
        case .real(let range, let meaning):
            guard range.contains(value) else {
                throw Failure(
                    "\(shown); expected a number from \(brief(range.lowerBound)) to \(brief(range.upperBound)) (\(meaning)), or nothing where it is not known"
                )
            }
        }
        return value
    }

    /// Ratios and percent of the same thing in one column cannot be told from strange patients.
    /// - Parameter values: of one column, each with its row.
    /// - Throws: `Failure` that names the two rows.
    static func requireOneUnit(_ values: [(value: Double, place: String)], named name: String) throws {
        guard ["fev1pp", "fev1_fvc"].contains(name) else { return }
        // No patient has 2 % or 500 %.
        guard let ratio = values.first(where: { $0.value < 2 }), let percent = values.first(where: { $0.value > 5 }) else { return }
        throw Failure(
            "\(ratio.place): the label \(name) is \(brief(ratio.value)), but \(brief(percent.value)) at \(percent.place): "
                + "one column holds ratios and percent; write all in one way")
    }

    private static func brief(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
    }
}
