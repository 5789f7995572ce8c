import Foundation
import Foundations
import Network
import TestSupport
import Testing

@Suite("Weights of an encoder")
struct EncoderWeightsTests {
    @Test("weights with an impossible number of experts are refused")
    func experts() throws {
        let folder = try ScratchFolder()
        for shape in [[0, 8, 1, 3, 3, 3], [1 << 50, 8, 0, 3, 3, 3], [1, 4, 1, 3, 3, 3], [8]] {
            var writer = SafetensorsWriter()
            writer.add("conv1.weight", shape: shape, floats: [Float](repeating: 0, count: shape.reduce(1, *)))
            let place = folder.file("w.safetensors")
            try writer.write(to: place)
            #expect(throws: Failure.self) { try PatchEncoder(from: Safetensors(contentsOf: place)) }
        }
    }
}
