import Foundation

/// Features of single patches.
public struct PatchFeatures: Sendable {
    public let count: Int
    /// h and z, `[count][128]`, in the order of the patches.
    public let representations, embeddings: [Float]

    /// Writes `h` and `z` as safetensors.
    public func write(to file: URL) throws {
        var writer = SafetensorsWriter()
        writer.add("h", shape: [count, EncoderArchitecture.representation], floats: representations)
        writer.add("z", shape: [count, EncoderArchitecture.embedding], floats: embeddings)
        try writer.write(to: file)
    }
}

/// Image-level features of a cohort: the mean of h over the landmarks.
public struct ImageFeatures: Sendable {
    public let subjects: [String]
    /// The encoder's name.
    public let model: String
    /// `[subject][128]`.
    public let values: [Float]

    /// Writes `.csv` (a row a subject) or safetensors (`h`, with the subjects in the metadata as a JSON array).
    public func write(to file: URL) throws {
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
