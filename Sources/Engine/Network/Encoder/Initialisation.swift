import Foundations

/// How fresh convolution weights are drawn.
package enum WeightInitialisation: String, Codable, CaseIterable, Sendable {
    /// As the release: Kaiming-uniform over the 6-D weight, whose fan-in counts out·in·27: U(±1/√(out·in·27)).
    case release
    /// Kaiming-uniform for each expert by itself: U(±1/√(in·27)).
    case perExpert
    /// `perExpert`, then every 3×3×3 kernel the same at all its taps, and batch norm's γ at 0.3. White kernels pass fine structure first, and
    /// thirteen batch norms in a row amplify what differs between two views as much as what differs between two patients: a fresh network's
    /// representations are noise, and hundreds of steps go into leaving it. Smooth ones in the near-linear range of ELU keep densities.
    case smooth
}

extension PatchEncoder {
    /// Draws fresh parameters. Every tensor has its own stream, named by `seed` and the tensor's name.
    package func initialise(seed: UInt64, scheme: WeightInitialisation) {
        func draw(_ name: String, bound: Double) {
            var generator = SeededGenerator(name: "initialise/\(seed)/\(name)")
            let values = parameters[name]
            for i in values.indices { values[i] = Float((2 * generator.uniform() - 1) * bound) }
        }
        for layer in architecture.layers {
            let g = layer.geometry
            let fan = scheme == .release ? g.outputChannels * g.inputChannels * 27 : g.inputChannels * 27
            draw(layer.convolution + ".weight", bound: 1 / Double(fan).squareRoot())
            if scheme == .smooth { smooth(layer.convolution + ".weight") }
            // The release draws the bias over the same fan-in as the weight.
            draw(layer.convolution + ".bias", bound: 1 / Double(fan).squareRoot())
            draw(layer.convolution + "._routing_fn.fc.weight", bound: 1 / 3.0.squareRoot())
            draw(layer.convolution + "._routing_fn.fc.bias", bound: 1 / 3.0.squareRoot())
            parameters[layer.norm + ".weight"].update(repeating: scheme == .smooth ? Self.smoothScale : 1)
            parameters[layer.norm + ".bias"].update(repeating: 0)
            statistics[layer.norm + ".running_mean"].update(repeating: 0)
            statistics[layer.norm + ".running_var"].update(repeating: 1)
        }
        for name in architecture.headNames {
            draw(name + ".weight", bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
            draw(name + ".bias", bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
        }
        if architecture.conditioning == .concatenation {
            draw(EncoderArchitecture.headLocation, bound: 1 / Double(EncoderArchitecture.representation).squareRoot())
        }
        batchesTracked = 0
    }

    /// γ of a smooth start.
    private static let smoothScale: Float = 0.3

    /// Sets all taps of each kernel to their sum / √27: the deviation stays what it was.
    private func smooth(_ name: String) {
        let values = parameters[name]
        for start in stride(from: 0, to: values.count, by: 27) {
            let kernel = UnsafeMutableBufferPointer(rebasing: values[start..<start + 27])
            kernel.update(repeating: kernel.reduce(0, +) / Float(27).squareRoot())
        }
    }
}
