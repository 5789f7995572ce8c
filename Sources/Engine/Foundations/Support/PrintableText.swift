extension String {
    /// The text as it may go to a terminal: what would steer it is replaced by its code, so that ESC reads `\u{1B}`.
    ///
    /// Replaced are the control characters (C0, DEL, C1, line breaks among them), Unicode's line and paragraph separators, and the marks that
    /// turn the direction of writing around. Letters of all scripts stay as they are; so does `\`, since paths hold it.
    package var printable: String {
        guard unicodeScalars.contains(where: \.steers) else { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.steers {
                text.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }
}

extension Unicode.Scalar {
    /// Whether a terminal may act on it instead of showing it.
    fileprivate var steers: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
