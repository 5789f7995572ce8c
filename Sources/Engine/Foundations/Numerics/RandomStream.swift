/// Every stream of random numbers, so that no two purposes can share one by accident: raw values are unique.
///
/// A stream's numbers depend on the seed, the stream and the integers that its sentence lists. Values are kept for ever: another one changes the
/// bytes of every result that draws from it.
package enum RandomStream: UInt64, CaseIterable, Sendable {
    // Phantoms: the subject's number, except where it says otherwise.
    /// The texture that all phantoms of a seed share: no further number.
    case phantomTexture = 0
    /// How much emphysema each of ten subjects has: the ten.
    case phantomGrades = 1
    /// Body and lungs.
    case phantomShape = 2
    /// Voxels and field of view.
    case phantomScanner = 3
    /// Airways and vessels.
    case phantomTree = 4
    /// Where emphysema lies.
    case phantomLesions = 5
    /// Density of healthy lung.
    case phantomParenchyma = 6
    /// Noise of the scanner.
    case phantomNoise = 7
    /// Labels of lung function.
    case phantomLabels = 8
    /// A reader's boxes.
    case phantomBoxes = 9

    // Training, readouts and masks.
    /// Views of a patch: epoch, landmark, subject, view.
    case augmentation = 0x6175_676D
    /// The order of subjects in an epoch: epoch.
    case subjectOrder = 0x6F72_6465
    /// The keys' order through batch norm's groups: step.
    case keyOrder = 0x7368_7566
    /// An unfilled bank: landmark.
    case bank = 0x6261_6E6B
    /// Patches that batch norm is calibrated on.
    case calibration = 0x6361_6C69
    /// Subjects and landmarks of a probe.
    case probe = 0x7072_6F62
    /// Folds of subjects.
    case folds = 0x666F_6C64
    /// Draws of a bootstrap: draw.
    case bootstrap = 0x626F_6F74
    /// The first centres of K-means.
    case clusters = 0x6B6D_6561
    /// Shifts of the views of a box: box.
    case boxJitter = 0x626F_7865
    /// The order of boxes in an epoch of fine-tuning: epoch.
    case fineTuning = 0x6675_6C6C
    /// Which part of the boxes is kept: 1 for those of the subtype, 2 for the others.
    case boxFraction = 0x6672_6163
    /// Healthy boxes that are drawn: subject.
    case healthyBoxes = 0x6865_616C
    /// Places of lung that is free of a subtype: subject.
    case freePlaces = 0x6672_6565
    /// Which landmark stands in for another.
    case misplacement = 0x706C_6163
    /// Parts of the boxes in a fold: fold, whether they are of the subtype.
    case boxParts = 0x7061_7274
    /// Patches of phantoms that are compared with real ones: phantom.
    case comparedPatches = 0xC03A
}
