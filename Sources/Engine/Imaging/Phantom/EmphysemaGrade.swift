import Foundation

/// How much emphysema a phantom has.
package struct EmphysemaGrade: Hashable, Sendable {
    /// Centrilobular, 0 none … 5 advanced destructive (Fleischner).
    package let centrilobular: Int
    /// Paraseptal, 0 none, 1 mild, 2 substantial.
    package let paraseptal: Int

    package init(centrilobular: Int, paraseptal: Int) {
        precondition((0...5).contains(centrilobular) && (0...2).contains(paraseptal), "EmphysemaGrade: \(centrilobular), \(paraseptal)")
        self.centrilobular = centrilobular
        self.paraseptal = paraseptal
    }

    /// Fraction of the lungs that centrilobular foci take up at each grade, before the spread between subjects.
    var centrilobularFraction: Double { [0, 0.006, 0.03, 0.08, 0.2, 0.45][centrilobular] }
    /// Mean radius of a focus, mm.
    var focusRadius: Double { [0, 1.4, 1.7, 2.1, 2.5, 3.0][centrilobular] }
    /// Fraction of the lungs that paraseptal cysts take up.
    var paraseptalFraction: Double { [0, 0.012, 0.045][paraseptal] }

    /// Every ten subjects of a cohort have these, in a seeded order: all centrilobular grades, all paraseptal ones, each without the other,
    /// both together, and two healthy subjects.
    static let cycle: [EmphysemaGrade] = [(0, 0), (1, 0), (2, 1), (3, 0), (4, 2), (5, 1), (0, 2), (3, 2), (0, 0), (5, 0)].map {
        EmphysemaGrade(centrilobular: $0.0, paraseptal: $0.1)
    }
}
