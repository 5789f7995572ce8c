/// How much of the lungs emphysema takes up, and how well a threshold at -950 HU finds it.
package struct EmphysemaExtent: Equatable, Sendable {
    /// Fractions of the lung's voxels.
    package let centrilobular, paraseptal: Double
    /// Fraction of the lung's voxels below -950 HU (LAA-950).
    package let below950: Double
    /// Dice overlap of the voxels below -950 HU with the truth of both subtypes together; 0 where there is no truth.
    package let thresholdDice: Double

    package init(_ scan: PhantomScan) {
        var (lung, foci, cysts, low, both) = (0, 0, 0, 0, 0)
        for index in scan.lungs.voxels.indices where scan.lungs.voxels[index] != 0 {
            lung += 1
            let isFocus = scan.centrilobular.voxels[index] != 0
            let isCyst = scan.paraseptal.voxels[index] != 0
            let isLow = scan.image.voxels[index] < -950
            if isFocus { foci += 1 }
            if isCyst { cysts += 1 }
            if isLow { low += 1 }
            if isLow && (isFocus || isCyst) { both += 1 }
        }
        let all = Double(max(lung, 1))
        centrilobular = Double(foci) / all
        paraseptal = Double(cysts) / all
        below950 = Double(low) / all
        thresholdDice = foci + cysts == 0 ? 0 : 2 * Double(both) / Double(low + foci + cysts)
    }
}
