import KernelInterface

/// The encoder's thirteen convolutions and their names in the release's files.
///
/// 1→8; 8→8 stride 2; three blocks C→2C, 2C→2C, 2C→2C stride 2 for C = 8, 16, 32; 64→128; 128→128 stride 2. 32³ input ends at 1³.
package struct EncoderArchitecture: Equatable {
    /// Voxels of 1 mm along each side of the patch that it reads.
    package static let patchSide = 32
    /// Features of the representation h.
    package static let representation = 128
    /// Features of the embedding z.
    package static let embedding = 128

    package struct Layer: Equatable {
        /// Name of the convolution, for example `downsample1.conv2`.
        package let convolution: String
        /// Name of the batch norm that follows it.
        package let norm: String
        package let geometry: ConvolutionGeometry

        package init(convolution: String, norm: String, geometry: ConvolutionGeometry) {
            self.convolution = convolution
            self.norm = norm
            self.geometry = geometry
        }
    }

    /// Experts K of every convolution.
    package let experts: Int
    /// How it knows where a patch lies.
    package let conditioning: Conditioning
    /// Layers of the projection head: 2 (`fc.0`, `fc.2`) or 1 (`fc`, as in the release without its MLP option).
    package let headLayers: Int
    package let layers: [Layer]

    package init(experts: Int, headLayers: Int = 2, conditioning: Conditioning = .locCondConv) {
        precondition(experts > 0, "EncoderArchitecture: experts is \(experts), expected at least 1")
        self.experts = experts
        self.headLayers = headLayers
        self.conditioning = conditioning
        var side = Self.patchSide
        var layers: [Layer] = []
        func add(_ convolution: String, _ norm: String, _ inputs: Int, _ outputs: Int, stride: Int) {
            let geometry = ConvolutionGeometry(
                inputChannels: inputs, outputChannels: outputs, stride: stride, inputDepth: side, inputHeight: side, inputWidth: side)
            layers.append(Layer(convolution: convolution, norm: norm, geometry: geometry))
            side = geometry.outputWidth
        }
        add("conv1", "bn1", 1, 8, stride: 1)
        add("conv2", "bn2", 8, 8, stride: 2)
        for (block, channels) in [8, 16, 32].enumerated() {
            let name = "downsample\(block + 1)"
            add("\(name).conv1", "\(name).bn1", channels, 2 * channels, stride: 1)
            add("\(name).conv2", "\(name).bn2", 2 * channels, 2 * channels, stride: 1)
            add("\(name).conv3", "\(name).bn3", 2 * channels, 2 * channels, stride: 2)
        }
        add("conv3", "bn3", 64, 128, stride: 1)
        add("conv4", "bn4", 128, 128, stride: 2)
        self.layers = layers
    }

    /// Other layers than the release's, each fitting the one before it; the projection head keeps its size.
    package init(experts: Int, layers: [Layer], conditioning: Conditioning = .locCondConv) {
        precondition(
            experts > 0 && !layers.isEmpty, "EncoderArchitecture: \(experts) experts, \(layers.count) layers, expected both positive")
        self.experts = experts
        self.conditioning = conditioning
        headLayers = 2
        self.layers = layers
    }

    /// The trained parameters in the release's order.
    package var parameterLayout: ParameterLayout {
        var tensors: [(name: String, shape: [Int])] = []
        for layer in layers {
            let g = layer.geometry
            tensors.append((layer.convolution + ".weight", [experts, g.outputChannels, g.inputChannels, 3, 3, 3]))
            tensors.append((layer.convolution + ".bias", [g.outputChannels]))
            tensors.append((layer.convolution + "._routing_fn.fc.weight", [experts, 3]))
            tensors.append((layer.convolution + "._routing_fn.fc.bias", [experts]))
            tensors.append((layer.norm + ".weight", [g.outputChannels]))
            tensors.append((layer.norm + ".bias", [g.outputChannels]))
        }
        for name in headNames {
            tensors.append((name + ".weight", [Self.embedding, Self.representation]))
            tensors.append((name + ".bias", [Self.embedding]))
        }
        if conditioning == .concatenation { tensors.append((Self.headLocation, [Self.embedding, 3])) }
        return ParameterLayout(tensors)
    }

    /// The projection head's weights of the location, where it sees one.
    package static let headLocation = "fc.location"

    /// `fc.0`, `fc.2`, or `fc`.
    package var headNames: [String] { headLayers == 2 ? ["fc.0", "fc.2"] : ["fc"] }

    /// Batch norm's running statistics.
    package var bufferLayout: ParameterLayout {
        ParameterLayout(
            layers.flatMap { layer -> [(name: String, shape: [Int])] in
                let channels = layer.geometry.outputChannels
                return [(layer.norm + ".running_mean", [channels]), (layer.norm + ".running_var", [channels])]
            })
    }

    /// Multiply-adds of one patch through all convolutions.
    package var multiplyAdds: Int { layers.reduce(0) { $0 + $1.geometry.multiplyAdds } }
}
