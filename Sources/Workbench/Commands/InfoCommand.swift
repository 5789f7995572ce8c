import ArgumentParser
import Foundation
import Learning

/// `workbench info`: what a weights file or checkpoint holds.
struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "List names, shapes and types of the tensors in a .safetensors or .pth.tar file.",
        discussion: "A .pth.tar's tensors have the names that convert gives them: encoder_q.…, encoder_k.…, queue, velocity.… (momentum).")

    @Argument(help: "File, .safetensors or .pth.tar.")
    var file: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let tensors = try CheckpointConversion.open(URL(fileURLWithPath: file))
        if json {
            return try JSONOutput.print(
                Report(
                    file: file, tensors: tensors.entries.map { Report.Tensor(name: $0.name, shape: $0.shape, type: $0.type.rawValue) },
                    metadata: tensors.metadata))
        }
        let width = tensors.entries.map(\.name.count).max() ?? 0
        for entry in tensors.entries {
            Output.line(
                "\(entry.name.padded(width))  \(entry.type.rawValue.padded(4))  [\(entry.shape.map(String.init).joined(separator: ", "))]")
        }
        for other in tensors.unread { Output.line("\(other.name.padded(width))  \(other.type): a type that is not read") }
        let bytes = tensors.entries.reduce(0) { $0 + $1.count * $1.type.size }
        Output.line("\(tensors.entries.count) tensors, \(bytes) bytes")
    }

    private struct Report: Encodable {
        struct Tensor: Encodable {
            let name: String
            let shape: [Int]
            let type: String
        }

        let file: String
        let tensors: [Tensor]
        let metadata: [String: String]
    }
}
