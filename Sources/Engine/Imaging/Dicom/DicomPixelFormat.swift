/// How the stored words of a DICOM image stand for HU: HU = slope · value + intercept, where the value is the word's stored bits, with a sign
/// where they have one.
struct DicomPixelFormat: Hashable {
    var samples = 1
    var photometry = "MONOCHROME2"
    var bitsAllocated: Int?
    var bitsStored: Int?
    var highBit: Int?
    /// 0 unsigned, 1 two's complement.
    var representation: Int?
    /// The value of pixels that hold no measurement, and the other end of a range of such values.
    var padding: Int?
    var paddingLimit: Int?
    var slope: Double?
    var intercept: Double?
    var rescaleType = ""
    /// Bits beyond the stored ones may hold an overlay.
    var hasOverlayBits = false

    /// What a word stands for.
    enum Meaning: Equatable {
        case hounsfield(Double)
        case padding
        /// Bits are set that are neither stored ones, nor their sign, nor an overlay.
        case strayBits
    }

    /// Why such pixels cannot be read as HU; nil where they can.
    var fault: String? {
        if samples != 1 || !photometry.hasPrefix("MONOCHROME") {
            return "is a colour picture (\(photometry), \(samples) values a pixel), not a slice of HU"
        }
        guard let bitsAllocated, [8, 16].contains(bitsAllocated) else {
            return
                "has \(bitsAllocated.map { "\($0)" } ?? "an unknown number of") bits allocated for a pixel (BitsAllocated); expected 8 or 16"
        }
        guard let bitsStored, (1...bitsAllocated).contains(bitsStored) else {
            return
                "stores \(bitsStored.map { "\($0)" } ?? "an unknown number of") bits a pixel (BitsStored); expected 1 to \(bitsAllocated)"
        }
        guard let highBit, (bitsStored - 1..<bitsAllocated).contains(highBit) else {
            return "has the high bit \(highBit.map { "\($0)" } ?? "nowhere") (HighBit); expected \(bitsStored - 1) to \(bitsAllocated - 1)"
        }
        guard let representation, [0, 1].contains(representation) else {
            return "does not say whether its pixels have a sign (PixelRepresentation); expected 0 or 1"
        }
        if let slope, slope == 0 { return "has the rescale slope 0" }
        if !["", "HU", "US"].contains(rescaleType.uppercased()) {
            return "holds \(rescaleType) (RescaleType), not Hounsfield units"
        }
        return nil
    }

    /// The fields that must be alike in all slices of a series, with their names.
    var layout: [(name: String, value: Int)] {
        [
            ("BitsAllocated", bitsAllocated ?? 0), ("BitsStored", bitsStored ?? 0), ("HighBit", highBit ?? 0),
            ("PixelRepresentation", representation ?? 0),
        ]
    }

    /// The stored value of a word.
    func value(of word: UInt16) -> Int {
        let (stored, high) = (bitsStored ?? 16, highBit ?? 15)
        let bits = (Int(word) >> (high + 1 - stored)) & (1 << stored - 1)
        return representation == 1 && bits >= 1 << (stored - 1) ? bits - 1 << stored : bits
    }

    /// What a word stands for.
    func meaning(of word: UInt16) -> Meaning {
        let value = value(of: word)
        if let padding {
            // Written as unsigned where the pixels have a sign, or beyond the stored bits.
            let (low, limit) = (signed(padding), signed(paddingLimit ?? padding))
            if (min(low, limit)...max(low, limit)).contains(value) || word == UInt16(truncatingIfNeeded: padding) { return .padding }
        }
        if !hasOverlayBits, hasStrayBits(word, value: value) { return .strayBits }
        return .hounsfield((slope ?? 1) * Double(value) + (intercept ?? 0))
    }

    private func signed(_ number: Int) -> Int {
        guard representation == 1, let bitsAllocated, number >= 1 << (bitsAllocated - 1) else { return number }
        return number - 1 << bitsAllocated
    }

    private func hasStrayBits(_ word: UInt16, value: Int) -> Bool {
        let (stored, high, allocated) = (bitsStored ?? 16, highBit ?? 15, bitsAllocated ?? 16)
        let all = 1 << allocated - 1
        let mask = (1 << stored - 1) << (high + 1 - stored)
        let rest = Int(word) & all & ~mask
        if rest == 0 { return false }
        // The sign carried on to the top.
        let top = all & ~(1 << (high + 1) - 1)
        return !(value < 0 && rest == top)
    }
}
