import Cohorts
import Foundation
import Foundations
import Imaging
import Learning
import Network
import SessionFormat
import TestSupport
import Testing

/// A session's checkpoint in the release's format.
@Suite("A session's checkpoint becomes the release's")
struct SessionConversionTests {
    private static func atlas() throws -> Atlas {
        var lungs = Volume<UInt8>(
            extent: Extent3(x: 90, y: 62, z: 60),
            voxelToWorld: Affine3(columnX: [-1, 0, 0], columnY: [0, 1, 0], columnZ: [0, 0, 1], translation: .zero),
            repeating: 1)
        for offset in lungs.voxels.indices where offset % 90 > 44 { lungs.voxels[offset] = 2 }
        return try Atlas(lungs: lungs)
    }

    @Test("networks, momentum and bank under the release's names, and back", arguments: TrainingSettings.BankPrecision.allCases)
    func conversion(precision: TrainingSettings.BankPrecision) throws {
        let scratch = try ScratchFolder()
        let session = SessionFolder(scratch.file("session"))
        let atlas = try Self.atlas()
        var settings = TrainingSettings()
        settings.batch = 2
        settings.bankSize = 5
        settings.bankPrecision = precision
        settings.experts = 1
        settings.weightDecay = 0.003
        try AtlasFolder.write(atlas, to: session.atlas)
        try SessionDescription(
            created: Date(timeIntervalSince1970: 0), cohort: "/nowhere", atlas: atlas.checksum, trainingSubjects: ["a", "b"],
            settings: settings,
            isa: "any"
        ).write(session)
        let query = PatchEncoder(architecture: EncoderArchitecture(experts: 1))
        query.initialise(seed: 3, scheme: .perExpert)
        let key = query.copy()
        key.parameters["fc.0.bias"][0] = 42
        key.batchesTracked = 8
        let optimiser = SGD(layout: query.parameters.layout, momentum: 0.9, weightDecay: 0.003)
        for i in 0..<optimiser.velocity.values.count { optimiser.velocity.values.pointer[i] = Float(i) }
        let bank = MemoryBank(landmarks: atlas.landmarks.count, size: 5, seed: settings.seed, precision: precision)
        let log = try BankLog(session, truncatedTo: 0, replayInto: bank)
        let keys = (0..<2 * 128).map { Float($0) / 300 }
        try keys.withUnsafeBufferPointer {
            try log.append(step: 0, landmark: 1, subjects: [0, 1], keys: $0.baseAddress!)
            bank.enqueue(1, keys: $0.baseAddress!, subjects: [0, 1])
        }
        let step = 2 * atlas.landmarks.count + 1
        _ = try Checkpoint.write(
            session, step: step, query: query, key: key, optimiser: optimiser,
            rates: Checkpoint.Rates(learningRate: 0.007, temperature: 0.2, momentum: 0.99, beta: 1, neighbours: 2),
            origin: StepPlan.Origin(), bankLogBytes: log.offset)

        let target = scratch.file("release.pth.tar")
        try CheckpointConversion.convert(session.checkpoint(step: step), to: target)
        let root = try TorchCheckpoint(contentsOf: target).root
        guard case .int(2)? = root["epoch"], case .text("custom")? = root["arch"],
            case .tensor(let queue)? = root["state_dict"]?["module.queue"],
            case .tensor(let pointers)? = root["state_dict"]?["module.queue_ptr"],
            case .dictionary(let state)? = root["optimizer"]?["state"], case .list(let groups)? = root["optimizer"]?["param_groups"],
            case .float(0.003)? = groups[0]["weight_decay"], case .float(0.007)? = groups[0]["lr"],
            case .list(let numbers)? = groups[0]["params"]
        else {
            Issue.record("not the release's structure")
            return
        }
        #expect(queue.shape == [128, 5, atlas.landmarks.count] && pointers.shape == [atlas.landmarks.count])
        let slots = bank.slots(1)
        for (slot, i) in [(0, 0), (1, 127), (4, 64)] {
            let offset = ((i * 5 + slot) * atlas.landmarks.count + 1) * 4
            #expect(queue.bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Float.self) } == slots.keys[slot * 128 + i])
        }
        // The query's 82 parameters come first and have momentum; the key's 82 have none.
        #expect(state.items.map(\.key) == (0..<82).map { .int($0) } && numbers.count == 164)
        #expect(root["state_dict"]?["module.encoder_k.fc.2.bias"] != nil)

        let back = scratch.file("back.safetensors")
        try CheckpointConversion.convert(target, to: back)
        let file = try Safetensors(contentsOf: back)
        #expect(file.metadata["step"] == String(step))
        #expect(try file.integers("queue_ptr")[1] == 2)
        for (prefix, encoder) in [("encoder_q.", query), ("encoder_k.", key)] {
            let read = try PatchEncoder(from: file, prefix: prefix)
            #expect(read.parameters.values.array == encoder.parameters.values.array && read.batchesTracked == encoder.batchesTracked)
        }
        let velocity = ParameterSet(query.parameters.layout)
        try velocity.load(from: file, prefix: "velocity.")
        for entry in velocity.layout.entries { #expect(Array(velocity[entry]) == Array(optimiser.velocity[entry]), "\(entry.name)") }
    }

    @Test("a checkpoint without its session, and an encoder by itself")
    func alone() throws {
        let scratch = try ScratchFolder()
        let query = PatchEncoder(architecture: EncoderArchitecture(experts: 1))
        query.initialise(seed: 3, scheme: .perExpert)
        var orphan = SafetensorsWriter(metadata: ["bankLogBytes": "0", "step": "0", "format": "1"])
        query.add(to: &orphan, prefix: "encoder_q.")
        try orphan.write(to: scratch.file("step-00000000.safetensors"))
        let failure = try #require(throws: Failure.self) {
            try CheckpointConversion.convert(scratch.file("step-00000000.safetensors"), to: scratch.file("a.pth.tar"))
        }
        #expect(failure.description.contains("does not lie in the session's folder"))

        var encoder = SafetensorsWriter()
        query.add(to: &encoder)
        try encoder.write(to: scratch.file("encoder.safetensors"))
        try CheckpointConversion.convert(scratch.file("encoder.safetensors"), to: scratch.file("b.pth.tar"))
        #expect(try TorchCheckpoint(contentsOf: scratch.file("b.pth.tar")).root["state_dict"]?["module.encoder_q.conv1.weight"] != nil)
    }
}
