import Foundation
import Foundations
import Network

/// Features of single patches.
package struct PatchFeatures: Sendable {
    package let count: Int
    /// h and z, `[count][128]`, in the order of the patches.
    package let representations, embeddings: [Float]

    /// Writes `h` and `z` as safetensors.
    package func write(to file: URL) throws {
        var writer = SafetensorsWriter()
        writer.add("h", shape: [count, EncoderArchitecture.representation], floats: representations)
        writer.add("z", shape: [count, EncoderArchitecture.embedding], floats: embeddings)
        try writer.write(to: file)
    }
}

/// Image-level features of a cohort: the mean of h over the landmarks.
package struct ImageFeatures: Sendable {
    package let subjects: [String]
    /// The encoder's name.
    package let model: String
    /// `[subject][128]`.
    package let values: [Float]

    package init(subjects: [String], model: String, values: [Float]) {
        self.subjects = subjects
        self.model = model
        self.values = values
    }

    /// Writes `.csv` (a row a subject) or safetensors (`h`, with the subjects in the metadata as a JSON array).
    package func write(to file: URL) throws {
        let width = EncoderArchitecture.representation
        guard file.pathExtension == "csv" else {
            let names = String(decoding: try JSONEncoder().encode(subjects), as: UTF8.self)
            var writer = SafetensorsWriter(metadata: ["subjects": names, "model": model])
            writer.add("h", shape: [subjects.count, width], floats: values)
            return try writer.write(to: file)
        }
        let rows = subjects.indices.map { row in [subjects[row]] + (0..<width).map { String(values[row * width + $0]) } }
        let text = CSVTable.text(columns: ["subject"] + (0..<width).map { "h\($0)" }, rows: rows)
        try AtomicFile.write(Data(text.utf8), to: file)
    }
}
