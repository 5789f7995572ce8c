import Foundation
import Foundations
import KernelInterface

/// The kernels of all thirteen convolutions at a few locations: kernel(p) = Σ_k α_k(p) W_k with α = sigmoid(R p + b) (other gates: `Conditioning`), mixed once for all
/// samples of a location and packed for the inner loops.
///
/// Source: the release's `CondConv` layer, which mixes for every sample.
package final class MixedKernels {
    package let architecture: EncoderArchitecture
    package let capacity: Int
    package let trainable: Bool
    /// The locations mixed last, normalised coordinates, as the routing layers see them.
    package private(set) var locations: [SIMD3<Float>] = []
    /// Floats of one location in each buffer.
    private let naturalStride, forwardStride, backwardStride, biasStride: Int
    private let naturalOffsets, forwardOffsets, backwardOffsets, biasOffsets: [Int]
    private let natural, forward, backward, biases, gradients: AlignedFloats
    /// `[location][layer][expert]`.
    private let alphas: AlignedFloats

    /// - Parameters:
    ///   - capacity: locations at most.
    ///   - trainable: whether gradients will be asked for.
    package init(architecture: EncoderArchitecture, capacity: Int, trainable: Bool) {
        self.architecture = architecture
        self.capacity = capacity
        self.trainable = trainable
        func offsets(_ sizes: [Int]) -> ([Int], Int) {
            var total = 0
            let starts = sizes.map { size in
                defer { total += (size + 15) / 16 * 16 }
                return total
            }
            return (starts, total)
        }
        let geometries = architecture.layers.map(\.geometry)
        (naturalOffsets, naturalStride) = offsets(geometries.map(\.weights))
        (forwardOffsets, forwardStride) = offsets(geometries.map(\.packedForward))
        (backwardOffsets, backwardStride) = offsets(geometries.map(\.packedBackward))
        (biasOffsets, biasStride) = offsets(geometries.map { $0.outputPacks * LaneLayout.packedChannels })
        natural = AlignedFloats(count: capacity * naturalStride)
        forward = AlignedFloats(count: capacity * forwardStride)
        backward = AlignedFloats(count: trainable ? capacity * backwardStride : 0)
        gradients = AlignedFloats(count: trainable ? capacity * naturalStride : 0)
        biases = AlignedFloats(count: capacity * biasStride)
        alphas = AlignedFloats(count: capacity * architecture.layers.count * architecture.experts)
    }

    /// Packed weights `[in][3][3][3][4]` of a group of four output channels.
    package func packedWeights(layer: Int, location: Int, pack: Int) -> Floats {
        let size = architecture.layers[layer].geometry.inputChannels * 27 * LaneLayout.packedChannels
        return Floats(forward.pointer + location * forwardStride + forwardOffsets[layer] + pack * size)
    }

    /// Packed weights `[out][3][3][3][4]` of a group of four input channels, taps flipped where the stride is 1.
    package func packedTransposedWeights(layer: Int, location: Int, pack: Int) -> Floats {
        let size = architecture.layers[layer].geometry.outputChannels * 27 * LaneLayout.packedChannels
        return Floats(backward.pointer + location * backwardStride + backwardOffsets[layer] + pack * size)
    }

    /// Four biases of a group of output channels.
    package func bias(layer: Int, location: Int, pack: Int) -> Floats {
        Floats(biases.pointer + location * biasStride + biasOffsets[layer] + pack * LaneLayout.packedChannels)
    }

    /// The gradient of the mixed kernel, `[out][in][3][3][3]`.
    package func kernelGradient(layer: Int, location: Int) -> MutableFloats {
        gradients.pointer + location * naturalStride + naturalOffsets[layer]
    }

    package func clearGradients() { gradients.fill(0) }

    private func alpha(layer: Int, location: Int) -> MutableFloats {
        alphas.pointer + (location * architecture.layers.count + layer) * architecture.experts
    }

    /// Mixes the encoder's experts at some locations.
    /// - Parameter foldingNorm: multiplies batch norm's running statistics into weights and biases, for inference: conv + norm become one
    ///   convolution, w' = w·γ/√(σ² + ε), b' = (b - μ)·γ/√(σ² + ε) + β.
    package func mix(_ encoder: PatchEncoder, at locations: [SIMD3<Float>], foldingNorm: Bool, kernels: any KernelSet, parallel: Parallel) {
        precondition(locations.count <= capacity, "MixedKernels: \(locations.count) locations, capacity is \(capacity)")
        precondition(encoder.architecture == architecture, "MixedKernels: encoder of another architecture")
        self.locations = locations.map(architecture.conditioning.routed)
        let experts = architecture.experts
        for (layer, description) in architecture.layers.enumerated() {
            let routing = encoder.parameters[description.convolution + "._routing_fn.fc.weight"]
            let routingBias = encoder.parameters[description.convolution + "._routing_fn.fc.bias"]
            for (index, p) in self.locations.enumerated() {
                let target = alpha(layer: layer, location: index)
                for k in 0..<experts {
                    let logit = routing[3 * k] * p.x + routing[3 * k + 1] * p.y + routing[3 * k + 2] * p.z + routingBias[k]
                    target[k] = architecture.conditioning.gate(logit)
                }
            }
        }
        struct Piece {
            let location, layer, pack: Int
        }
        var packs: [Piece] = []
        var transposed: [Piece] = []
        for location in locations.indices {
            for (layer, description) in architecture.layers.enumerated() {
                for pack in 0..<description.geometry.outputPacks { packs.append(Piece(location: location, layer: layer, pack: pack)) }
                for pack in 0..<description.geometry.inputPacks where trainable {
                    transposed.append(Piece(location: location, layer: layer, pack: pack))
                }
            }
        }
        let fold = foldingNorm ? locations.map { BatchNorm3D.affines(encoder, at: $0) } : []
        parallel.forEach(packs.count) { i in
            let piece = packs[i]
            mixPack(encoder, piece.layer, piece.location, piece.pack, fold: foldingNorm ? fold[piece.location][piece.layer] : nil, kernels)
        }
        parallel.forEach(transposed.count) { i in packTransposed(transposed[i].layer, transposed[i].location, transposed[i].pack) }
    }

    private func mixPack(
        _ encoder: PatchEncoder, _ layer: Int, _ location: Int, _ pack: Int, fold: BatchNorm3D.Affine?, _ kernels: any KernelSet
    ) {
        let description = architecture.layers[layer]
        let g = description.geometry
        let experts = encoder.parameters[description.convolution + ".weight"]
        let bias = encoder.parameters[description.convolution + ".bias"]
        let first = pack * LaneLayout.packedChannels
        let channels = min(LaneLayout.packedChannels, g.outputChannels - first)
        let row = g.inputChannels * 27
        let mixed = natural.pointer + location * naturalStride + naturalOffsets[layer] + first * row
        kernels.mix(
            Floats(experts.baseAddress! + first * row), stride: g.weights, factors: Floats(alpha(layer: layer, location: location)),
            terms: architecture.experts, count: channels * row, output: mixed)
        let target = forward.pointer + location * forwardStride + forwardOffsets[layer] + first * row
        let targetBias = biases.pointer + location * biasStride + biasOffsets[layer] + first
        for channel in 0..<channels {
            let scale = fold?.scale[first + channel] ?? 1
            targetBias[channel] = fold.map { bias[first + channel] * scale + $0.shift[first + channel] } ?? bias[first + channel]
            let source = mixed + channel * row
            for i in 0..<row { target[i * LaneLayout.packedChannels + channel] = source[i] * scale }
        }
    }

    private func packTransposed(_ layer: Int, _ location: Int, _ pack: Int) {
        let g = architecture.layers[layer].geometry
        let first = pack * LaneLayout.packedChannels
        let source = natural.pointer + location * naturalStride + naturalOffsets[layer]
        let target = backward.pointer + location * backwardStride + backwardOffsets[layer] + first * g.outputChannels * 27
        for channel in 0..<min(LaneLayout.packedChannels, g.inputChannels - first) {
            for output in 0..<g.outputChannels {
                let kernel = source + (output * g.inputChannels + first + channel) * 27
                let place = target + output * 27 * LaneLayout.packedChannels + channel
                for tap in 0..<27 { place[tap * LaneLayout.packedChannels] = kernel[g.stride == 1 ? 26 - tap : tap] }
            }
        }
    }

    /// Turns the kernels' gradients into those of experts and routing, overwriting them in `gradient`:
    /// ∂W_k = Σ_p α_k(p) ∂kernel(p); ∂α_k(p) = ⟨W_k, ∂kernel(p)⟩; through the sigmoid ∂R_k = Σ_p ∂α_k α_k (1 - α_k) p.
    /// - Returns: the gradient with respect to each location, normalised coordinates.
    @discardableResult
    package func expertGradients(_ encoder: PatchEncoder, into gradient: ParameterSet, kernels: any KernelSet, parallel: Parallel)
        -> [SIMD3<Float>]
    {
        let experts = architecture.experts
        let count = locations.count
        let layers = architecture.layers
        var alphaGradients = [Float](repeating: 0, count: layers.count * experts * count)
        alphaGradients.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let alphaGradients = buffer
            parallel.forEach(layers.count * experts) { task in
                // The largest layers come last in the list and first to the threads.
                let layer = layers.count - 1 - task / experts
                let k = task % experts
                let g = layers[layer].geometry
                let weights = encoder.parameters[layers[layer].convolution + ".weight"].baseAddress! + k * g.weights
                var factors = [Float](repeating: 0, count: count)
                for location in 0..<count {
                    factors[location] = alpha(layer: layer, location: location)[k]
                    alphaGradients[(layer * experts + k) * count + location] = kernels.dot(
                        Floats(weights), Floats(kernelGradient(layer: layer, location: location)), count: g.weights)
                }
                kernels.mix(
                    Floats(kernelGradient(layer: layer, location: 0)), stride: naturalStride, factors: factors, terms: count,
                    count: g.weights,
                    output: gradient[layers[layer].convolution + ".weight"].baseAddress! + k * g.weights)
            }
        }
        var locationGradients = [SIMD3<Float>](repeating: .zero, count: count)
        for (layer, description) in layers.enumerated() {
            let routing = encoder.parameters[description.convolution + "._routing_fn.fc.weight"]
            let routingGradient = gradient[description.convolution + "._routing_fn.fc.weight"]
            let biasGradient = gradient[description.convolution + "._routing_fn.fc.bias"]
            routingGradient.update(repeating: 0)
            biasGradient.update(repeating: 0)
            for k in 0..<experts {
                for location in 0..<count {
                    let a = alpha(layer: layer, location: location)[k]
                    let logit =
                        alphaGradients[(layer * experts + k) * count + location] * architecture.conditioning.slope(ofGate: a)
                    for axis in 0..<3 {
                        routingGradient[3 * k + axis] += logit * locations[location][axis]
                        locationGradients[location][axis] += logit * routing[3 * k + axis]
                    }
                    biasGradient[k] += logit
                }
            }
        }
        return locationGradients
    }
}
