import Foundations
import Testing

@Suite("Text that may go to a terminal")
struct PrintableTextTests {
    @Test("what steers a terminal is shown by its code")
    func escapes() {
        #expect("\u{1B}[2Jred".printable == "\\u{1B}[2Jred")
        #expect("a\nb\tc\r\u{7}\u{0}".printable == "a\\u{A}b\\u{9}c\\u{D}\\u{7}\\u{0}")
        // A carriage return and line feed are one Character and two codes.
        #expect("a\r\nb".printable == "a\\u{D}\\u{A}b")
        #expect("\u{7F}\u{9B}31m\u{85}".printable == "\\u{7F}\\u{9B}31m\\u{85}")
        for mark in ["\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}"] {
            let isPlain = "x\(mark)y".printable.unicodeScalars.allSatisfy { $0.isASCII }
            #expect(isPlain, "\(mark.unicodeScalars.map(\.value))")
        }
    }

    @Test("what can be read stays, in every script; twice is once")
    func stays() {
        for text in ["", "B40f", "C:\\scans\\Müller 日本 🫁", "e\u{301}\u{A0}\u{200D}"] { #expect(text.printable == text) }
        #expect("\u{1B}]0;x\u{7}".printable.printable == "\u{1B}]0;x\u{7}".printable)
    }
}
