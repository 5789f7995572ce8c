import Cohorts
import Foundation
import Foundations
import KernelInterface
import Learning
import Masks
import Network
import SessionFormat

/// A binary classifier of one emphysema subtype on the encoder's features, and where it was made so on the box's density: p = sigmoid(w · x + b).
///
/// Its intercept is such that p = 0.5 is its operating point.
package struct Classifier {
    package let subtype: EmphysemaSubtype
    package let scheme: ClassifierScheme
    let weights: [Float]
    let bias: Float
    /// The encoder that it reads: the session's, or a fine-tuned one.
    package let encoder: InferenceModel
    /// How it did on subjects that it was not fitted to; nil where it was not measured.
    package let skill: ClassifierSkill?
    /// How it was trained: numbers of boxes, penalty, seed … as they are printed.
    package let provenance: [String: String]
    /// SHA-256 of readout and encoder.
    package let checksum: String

    package init(
        subtype: EmphysemaSubtype, scheme: ClassifierScheme, weights: [Float], bias: Float, encoder: InferenceModel,
        skill: ClassifierSkill? = nil, provenance: [String: String]
    ) {
        self.subtype = subtype
        self.scheme = scheme
        self.weights = weights
        self.bias = bias
        self.encoder = encoder
        self.skill = skill
        self.provenance = provenance
        let bytes = (weights + [bias]).withUnsafeBytes { Data($0) } + Data(encoder.checksum.utf8)
        checksum = Checksum.sha256(bytes)
    }

    /// How many numbers a readout takes.
    package static func width(density: Bool) -> Int { EncoderArchitecture.representation + (density ? BoxDensity.count : 0) }

    /// Whether the numbers of `BoxDensity` follow those of the encoder.
    package var readsDensity: Bool { weights.count > EncoderArchitecture.representation }

    /// Probability for one representation of 128 features, and the density of its box where the classifier reads that.
    package func probability(_ features: Floats, density: UnsafePointer<Float>? = nil) -> Float {
        var sum = bias
        let encoded = EncoderArchitecture.representation
        for i in 0..<encoded { sum += weights[i] * features[i] }
        if readsDensity, let density { for i in encoded..<weights.count { sum += weights[i] * density[i - encoded] } }
        return 1 / (1 + exp(-sum))
    }

    /// Writes `classifiers/<subtype>.safetensors`; a fully fine-tuned encoder goes with it.
    package func write(_ session: SessionFolder) throws {
        var metadata = provenance
        metadata["subtype"] = subtype.rawValue
        metadata["scheme"] = scheme.rawValue
        metadata["encoder"] = encoder.checksum
        metadata["encoderName"] = encoder.name
        metadata["checksum"] = checksum
        if let skill { metadata["skill"] = String(decoding: try JSONEncoder().encode(skill), as: UTF8.self) }
        var writer = SafetensorsWriter(metadata: metadata)
        writer.add("readout.weight", shape: [weights.count], floats: weights)
        writer.add("readout.bias", shape: [1], floats: [bias])
        if scheme == .full { encoder.encoder.add(to: &writer, prefix: "encoder.") }
        try writer.write(to: Self.file(session, subtype))
    }

    /// Reads a session's classifier.
    /// - Throws: `Failure` where there is none, or it belongs to another encoder than the session's present one.
    package static func read(_ session: SessionFolder, _ subtype: EmphysemaSubtype, model: InferenceModel) throws -> Classifier {
        let place = file(session, subtype)
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw Failure(
                "\(session.root.path) has no \(subtype.rawValue) classifier; make one with `workbench finetune --subtype \(subtype.rawValue)`"
            )
        }
        let file = try Safetensors(contentsOf: place)
        guard file.metadata["subtype"] == subtype.rawValue, let scheme = file.metadata["scheme"].flatMap(ClassifierScheme.init) else {
            throw Failure("\(place.path) is not a classifier of \(subtype.rawValue): its metadata are missing or do not fit its name")
        }
        let encoder: InferenceModel
        switch scheme {
        case .linear:
            guard file.metadata["encoder"] == model.checksum else {
                throw Failure(
                    "the \(subtype.rawValue) classifier reads the encoder \"\(file.metadata["encoderName"] ?? "?")\", but the session is at \"\(model.name)\"; "
                        + "fine-tune it again")
            }
            encoder = model
        case .full:
            encoder = InferenceModel(encoder: try PatchEncoder(from: file, prefix: "encoder."), name: file.metadata["encoderName"] ?? "")
        }
        let own: Set<String> = ["subtype", "scheme", "encoder", "encoderName", "checksum", "skill"]
        let numbers = file["readout.weight"]?.shape.first == width(density: true) ? width(density: true) : width(density: false)
        let classifier = Classifier(
            subtype: subtype, scheme: scheme, weights: try file.floats("readout.weight", shape: [numbers]),
            bias: try file.floats("readout.bias", shape: [1])[0], encoder: encoder,
            skill: file.metadata["skill"].flatMap { try? JSONDecoder().decode(ClassifierSkill.self, from: Data($0.utf8)) },
            provenance: file.metadata.filter { !own.contains($0.key) })
        guard file.metadata["checksum"] == classifier.checksum else {
            throw Failure("\(place.path) is damaged: its readout does not match its checksum; fine-tune it again")
        }
        guard (classifier.weights + [classifier.bias]).allSatisfy(\.isFinite) else {
            throw Failure("\(place.path) holds values that are not finite; fine-tune it again")
        }
        return classifier
    }

    /// - Throws: `Failure` where the classifier has no skill: nobody should see a mask that means nothing.
    package func requireFit() throws {
        guard let complaint = skill?.complaint else { return }
        throw Failure(
            "the \(subtype.word) classifier is UNFIT: \(complaint); place more boxes, or pre-train longer")
    }

    /// The checksum of a session's present classifier; nil where it has none.
    static func checksum(_ session: SessionFolder, _ subtype: EmphysemaSubtype) throws -> String? {
        try metadata(session, subtype)?["checksum"]
    }

    /// What is written on a session's present classifier; nil where it has none.
    static func metadata(_ session: SessionFolder, _ subtype: EmphysemaSubtype) throws -> [String: String]? {
        let place = file(session, subtype)
        guard FileManager.default.fileExists(atPath: place.path) else { return nil }
        return try Safetensors(contentsOf: place, isVerified: false).metadata
    }

    private static func file(_ session: SessionFolder, _ subtype: EmphysemaSubtype) -> URL {
        session.classifiers.appendingPathComponent("\(subtype.rawValue).safetensors")
    }
}

extension ClassifiersTrained {
    /// What the journal keeps of classifiers that were trained.
    package init(_ classifiers: [Classifier]) {
        let summary = classifiers.map { classifier in
            let boxes = "\(classifier.provenance["positives"] ?? "?") boxes against \(classifier.provenance["negatives"] ?? "?")"
            return "\(classifier.subtype.word): \(boxes)\(classifier.skill?.complaint == nil ? "" : ", UNFIT")"
        }.joined(separator: "; ")
        self.init(subtypes: classifiers.map(\.subtype.rawValue), summary: summary)
    }
}
