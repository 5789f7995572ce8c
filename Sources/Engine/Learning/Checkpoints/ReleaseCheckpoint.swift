import Cohorts
import Foundation
import Foundations
import Network
import SessionFormat

/// The release's checkpoint of a safetensors file that never was one: a session's training state, an encoder, or any named tensors.
///
/// `epoch`, `arch`, `state_dict` with `module.` before every name, and `optimizer` where the file has velocities. Source: the release's
/// `save_checkpoint` in `train.py`.
struct ReleaseCheckpoint {
    private let file: Safetensors
    private let place: URL
    private let session: SessionFolder?
    private let description: SessionDescription?

    /// - Parameter place: the file's place; a session's checkpoint lies in `checkpoints/` of its folder, whose bank becomes the `queue`.
    init(_ file: Safetensors, at place: URL) throws {
        self.file = file
        self.place = place
        let folder = SessionFolder(place.deletingLastPathComponent().deletingLastPathComponent())
        let isCheckpoint = file.metadata["bankLogBytes"] != nil && file["queue"] == nil
        if isCheckpoint, !FileManager.default.fileExists(atPath: folder.description.path) {
            throw Failure(
                "\(place.path) is a session's checkpoint, but does not lie in the session's folder any more, which has the bank; convert "
                    + "SESSION/checkpoints/\(place.lastPathComponent)")
        }
        session = isCheckpoint ? folder : nil
        description = isCheckpoint ? try SessionDescription.read(folder) : nil
    }

    func tree(_ tensor: (String) throws -> TorchTensor) throws -> TorchTree<TorchTensor> {
        let names = file.entries.map(\.name)
        let velocities = names.filter { $0.hasPrefix("velocity.") }
        var state: [(String, TorchTree<TorchTensor>)] = []
        var epoch = 0
        if let session, let description {
            let bank = try ReleaseQueue(session: session, description: description, file: file, place: place)
            state += [("module.queue", .tensor(bank.keys)), ("module.queue_ptr", .tensor(bank.pointers))]
            epoch = bank.epoch
        }
        // An encoder by itself is the query network.
        let prefix = TorchNames.module + (file["conv1.weight"] != nil ? "encoder_q." : "")
        for name in names where !name.hasPrefix("velocity.") {
            state.append((name.hasPrefix(TorchNames.module) ? name : prefix + name, .tensor(try tensor(name))))
        }
        var items: [(String, TorchTree<TorchTensor>)] = [
            ("epoch", .int(epoch)), ("arch", .text("custom")), ("state_dict", .plain(state)),
        ]
        if !velocities.isEmpty { items.append(("optimizer", try optimiser(state.map(\.0), tensor))) }
        if !file.metadata.isEmpty { items.append(("metadata", .plain(file.metadata.sorted { $0.key < $1.key }.map { ($0, .text($1)) }))) }
        return .plain(items)
    }

    /// `torch.optim.SGD.state_dict()`: parameters are numbered in the order of the `state_dict`; the key network's have no momentum.
    private func optimiser(_ state: [String], _ tensor: (String) throws -> TorchTensor) throws -> TorchTree<TorchTensor> {
        let parameters = state.filter(TorchNames.isParameter).map { String($0.dropFirst(TorchNames.module.count)) }
        var buffers: [TorchTree<TorchTensor>.Item] = []
        for (index, name) in parameters.enumerated() where name.hasPrefix("encoder_q.") {
            let velocity = "velocity." + name.dropFirst("encoder_q.".count)
            guard file[velocity] != nil else { continue }
            buffers.append((.int(index), .plain([("momentum_buffer", .tensor(try tensor(velocity)))])))
        }
        let expected = file.entries.count { $0.name.hasPrefix("velocity.") }
        guard buffers.count == expected else {
            throw Failure("\(place.path) has \(expected) velocities, of which only \(buffers.count) belong to a parameter of encoder_q")
        }
        let settings = description?.settings ?? TrainingSettings()
        let rates = file.metadata["rates"].flatMap { try? JSONDecoder().decode(Checkpoint.Rates.self, from: Data($0.utf8)) }
        let group: TorchTree<TorchTensor> = .plain([
            ("lr", .float(rates?.learningRate ?? settings.learningRate)), ("momentum", .float(settings.sgdMomentum)),
            ("dampening", .int(0)),
            ("weight_decay", .float(settings.weightDecay)), ("nesterov", .bool(false)), ("maximize", .bool(false)), ("foreach", .none),
            ("differentiable", .bool(false)), ("params", .list(parameters.indices.map { .int($0) })),
        ])
        return .plain([("state", .dictionary(TorchTree.Dictionary(items: buffers))), ("param_groups", .list([group]))])
    }
}

/// The memory bank as the release keeps it: `queue` [128, slots, landmarks] Float32 and `queue_ptr` [landmarks] Int64.
private struct ReleaseQueue {
    let keys, pointers: TorchTensor
    /// Finished epochs.
    let epoch: Int

    init(session: SessionFolder, description: SessionDescription, file: Safetensors, place: URL) throws {
        let settings = description.settings
        guard let step = file.metadata["step"].flatMap({ Int($0) }), let logged = file.metadata["bankLogBytes"].flatMap({ Int($0) }) else {
            throw Failure("\(place.path) is not a checkpoint of this program: its metadata are incomplete")
        }
        let landmarks = try AtlasFolder.read(session.atlas).landmarks.count
        let subjects = description.trainingSubjects.count
        guard subjects > 0, landmarks > 0 else {
            throw Failure("\(session.description.path) names no training subjects, or its atlas no landmarks")
        }
        func stored<Value: Decodable>(_ name: String, _: Value.Type) -> Value? {
            file.metadata[name].flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
        }
        let plan = StepPlan(
            settings, subjects: subjects, landmarks: landmarks, batch: stored("rates", Checkpoint.Rates.self)?.batch,
            origin: stored("origin", StepPlan.Origin.self))
        epoch = plan.epoch(ofStep: step)
        let size = settings.bankKeys(subjects: subjects)
        let rows = settings.bankRows(landmarks: landmarks)
        let bank = MemoryBank(landmarks: rows, size: size, seed: settings.seed, precision: settings.bankPrecision)
        try BankLog.replay(session, upTo: logged, into: bank)
        let width = EncoderArchitecture.embedding
        var bytes = Data(count: 4 * width * size * rows)
        bytes.withUnsafeMutableBytes { raw in
            let target = raw.bindMemory(to: Float.self)
            for row in 0..<rows {
                let slots = bank.slots(row)
                for slot in 0..<size {
                    for i in 0..<width { target[(i * size + slot) * rows + row] = slots.keys[slot * width + i] }
                }
            }
        }
        keys = TorchTensor(type: .float32, shape: [width, size, rows], bytes: bytes)
        pointers = TorchTensor(
            type: .int64, shape: [rows], bytes: (0..<rows).map { Int64(bank.next($0)) }.withUnsafeBufferPointer { Data(buffer: $0) })
    }
}
