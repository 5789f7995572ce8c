import ArgumentParser
import Foundation
import Foundations
import Learning

/// `workbench convert`: between `.safetensors` and the release's `.pth.tar`; `workbench convert info FILE` is `workbench info FILE`.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Convert a checkpoint between .safetensors and the release's .pth.tar, without loss.",
        discussion: """
            Reading a .pth.tar executes nothing: anything but tensors and plain containers is refused. A session's checkpoint \
            (SESSION/checkpoints/step-….safetensors) becomes the release's format with its bank as the queue. \
            `workbench convert info FILE` lists what a file holds.
            """)

    @Argument(help: "File to read, .safetensors or .pth.tar; or the word info.")
    var input: String

    @Argument(help: "File to write, .pth.tar or .safetensors.")
    var output: String

    func validate() throws {
        let target = URL(fileURLWithPath: output)
        guard input == "info" || CheckpointConversion.isTorchName(target) || target.pathExtension == "safetensors" else {
            throw ValidationError("OUT is \(output), expected a name that ends in .safetensors or .pth.tar")
        }
    }

    func run() throws {
        if input == "info" { return try InfoCommand.parse([output]).run() }
        var files = CommandFiles(kept: KeptFolder.all)
        files.reads("IN", input)
        files.writes("OUT", output)
        try files.check()
        try CheckpointConversion.convert(URL(fileURLWithPath: input), to: URL(fileURLWithPath: output))
        Output.line("written to \(output)")
    }
}
