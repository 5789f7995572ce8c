import Imaging

/// How well a subject's scan went through preparation; one line of `quality.csv`.
package struct SubjectQuality: Codable, Equatable, Sendable {
    /// Whether the result may be used: `ok`, `warning` (with reasons to look at it), `refused` (not prepared; the reasons say why).
    package typealias Verdict = LungMaskQuality.Verdict

    package var verdict: Verdict
    /// Sentences; empty where the verdict is `ok`.
    package var reasons: [String]
    /// Volumes of the lung mask, mL.
    package var rightMillilitres: Double
    package var leftMillilitres: Double
    /// Overlap of the subject's lungs with the atlas's: Dice of the union of both lungs. Before registration their centres are brought together,
    /// since two scanners' millimetres have nothing in common.
    package var diceBefore: Double
    package var diceAfter: Double
    /// Determinant of the affine map from atlas to subject: how much larger the subject is.
    package var determinant: Double
    /// Landmarks whose patch lies wholly outside the image, beyond its padding; they are filled with -1024 HU.
    package var patchesBeyond: Int
    /// Checksum of the reader's corrected lung mask that it was made with; nil where there was none.
    package var correctedLungs: String?
    /// True where the scan was refused and the reader accepted it.
    package var isAccepted: Bool?
    /// Of a refused scan: why it cannot be prepared even where the reader accepts it; nil where it can.
    package var acceptanceFault: String?

    package init(
        verdict: Verdict, reasons: [String], rightMillilitres: Double = 0, leftMillilitres: Double = 0, diceBefore: Double = 0,
        diceAfter: Double = 0, determinant: Double = 0, patchesBeyond: Int = 0
    ) {
        self.verdict = verdict
        self.reasons = reasons
        self.rightMillilitres = rightMillilitres
        self.leftMillilitres = leftMillilitres
        self.diceBefore = diceBefore
        self.diceAfter = diceAfter
        self.determinant = determinant
        self.patchesBeyond = patchesBeyond
    }
}
