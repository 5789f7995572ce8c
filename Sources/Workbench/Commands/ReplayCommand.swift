import ArgumentParser
import Foundation
import Foundations
import Interface
import Screens
import SessionFormat
import TerminalKit

/// `workbench replay TAPE`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Play a tape without a terminal and write each frame as text.",
        discussion: "A tape lies in the folder of its session. Exit status 1 if an expectation of the tape is not met.")

    @Argument(help: "The tape, for example sessions/NAME/tape.jsonl.")
    var tape: String

    @Option(help: "Size of the screen as COLSxROWS instead of the recorded one.")
    var size: String?

    @Option(help: "Colours of the screen instead of the recorded ones: 1, 8, 16 or 256.")
    var colors: Int?

    @Flag(help: "Use ASCII characters only.")
    var ascii = false

    @Option(help: "File for the frames: each as text after a line `--- frame N sha256`.")
    var frames: String?

    func validate() throws {
        if let size, Size(size) == nil { throw ValidationError("--size \(size) is no size; expected for example 80x24") }
        if let colors, ColourDepth(rawValue: colors) == nil { throw ValidationError("--colors \(colors): expected 1, 8, 16 or 256") }
    }

    func run() throws {
        let file = URL(fileURLWithPath: tape)
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("TAPE", tape)
        files.writes("--frames", frames)
        try files.check()
        let context = SessionViewing.context(for: SessionFolder(file.deletingLastPathComponent()))
        let player = TapePlayer(
            tape: file, context: context, size: size.flatMap { Size($0) }, colours: colors.flatMap { ColourDepth(rawValue: $0) },
            ascii: ascii)
        var text = ""
        var count = 0
        let play = {
            try player.play { frame in
                text += "--- frame \(frame.number) \(frame.checksum)\n\(frame.text)"
                count += 1
            }
        }
        // The frames up to a failed expectation are what one needs to find out why.
        let result = Result(catching: play)
        if let frames { try AtomicFile.write(Data(text.utf8), to: URL(fileURLWithPath: frames)) }
        try result.get()
        Output.message("\(tape): \(count) frames, every expectation met")
    }
}
