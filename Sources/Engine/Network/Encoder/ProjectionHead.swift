import COpenBLAS
import KernelInterface

/// The projection head z = W₂ ReLU(W₁ h + b₁) + b₂ (or one linear layer), on rows of 128 features, with its gradient. Where the location is
/// concatenated to h, U p is added behind the first layer.
/// Source: the release's `fc` with its MLP option.
package struct ProjectionHead {
    package let architecture: EncoderArchitecture

    package init(architecture: EncoderArchitecture) {
        self.architecture = architecture
    }
    private var width: Int { EncoderArchitecture.representation }

    /// Embeddings of `count` representations.
    /// - Parameters:
    ///   - locations: of the rows, normalised; one for all, or one each. Read where it is concatenated.
    ///   - hidden: receives the hidden layer before its ReLU, `[count][128]`; not touched where the head has one layer.
    ///   - embeddings: receives `[count][128]`.
    package func forward(
        _ encoder: PatchEncoder, representations: Floats, locations: [SIMD3<Float>], count: Int, hidden: MutableFloats,
        embeddings: MutableFloats
    ) {
        let names = architecture.headNames
        guard names.count == 2 else {
            affine(encoder, names[0], input: representations, count: count, output: embeddings)
            addLocations(encoder, locations, count: count, output: embeddings)
            return
        }
        affine(encoder, names[0], input: representations, count: count, output: hidden)
        addLocations(encoder, locations, count: count, output: hidden)
        let rectified = AlignedFloats(count: count * width)
        for i in 0..<count * width { rectified.pointer[i] = max(0, hidden[i]) }
        affine(encoder, names[1], input: Floats(rectified.pointer), count: count, output: embeddings)
    }

    /// Adds the head's parameter gradients to `gradient` and writes that of the representations.
    package func backward(
        _ encoder: PatchEncoder, representations: Floats, locations: [SIMD3<Float>], hidden: Floats, embeddingGradient: Floats, count: Int,
        gradient: ParameterSet,
        representationGradient: MutableFloats
    ) {
        let names = architecture.headNames
        guard names.count == 2 else {
            affineGradient(
                encoder, names[0], input: representations, outputGradient: embeddingGradient, count: count, gradient: gradient,
                inputGradient: representationGradient)
            addLocationGradient(locations, outputGradient: embeddingGradient, count: count, gradient: gradient)
            return
        }
        let rectified = AlignedFloats(count: count * width)
        for i in 0..<count * width { rectified.pointer[i] = max(0, hidden[i]) }
        let hiddenGradient = AlignedFloats(count: count * width)
        affineGradient(
            encoder, names[1], input: Floats(rectified.pointer), outputGradient: embeddingGradient, count: count, gradient: gradient,
            inputGradient: hiddenGradient.pointer)
        for i in 0..<count * width where hidden[i] <= 0 { hiddenGradient.pointer[i] = 0 }
        addLocationGradient(locations, outputGradient: Floats(hiddenGradient.pointer), count: count, gradient: gradient)
        affineGradient(
            encoder, names[0], input: representations, outputGradient: Floats(hiddenGradient.pointer), count: count, gradient: gradient,
            inputGradient: representationGradient)
    }

    /// Y += P Uᵀ.
    private func addLocations(_ encoder: PatchEncoder, _ locations: [SIMD3<Float>], count: Int, output: MutableFloats) {
        guard architecture.conditioning == .concatenation else { return }
        let weights = encoder.parameters[EncoderArchitecture.headLocation]
        for row in 0..<count {
            let p = locations[locations.count == 1 ? 0 : row]
            for i in 0..<width { output[row * width + i] += weights[3 * i] * p.x + weights[3 * i + 1] * p.y + weights[3 * i + 2] * p.z }
        }
    }

    /// ∂U += ∂Yᵀ P.
    private func addLocationGradient(_ locations: [SIMD3<Float>], outputGradient: Floats, count: Int, gradient: ParameterSet) {
        guard architecture.conditioning == .concatenation else { return }
        let target = gradient[EncoderArchitecture.headLocation]
        for row in 0..<count {
            let p = locations[locations.count == 1 ? 0 : row]
            for i in 0..<width { for axis in 0..<3 { target[3 * i + axis] += outputGradient[row * width + i] * p[axis] } }
        }
    }

    /// Y = X Wᵀ + b.
    private func affine(_ encoder: PatchEncoder, _ name: String, input: Floats, count: Int, output: MutableFloats) {
        let n = Int32(width)
        let bias = encoder.parameters[name + ".bias"]
        for row in 0..<count { (output + row * width).update(from: bias.baseAddress!, count: width) }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(count), n, n, 1, input, n, encoder.parameters[name + ".weight"].baseAddress!, n,
            1,
            output, n)
    }

    /// ∂W += ∂Yᵀ X, ∂b += Σ ∂Y, ∂X = ∂Y W.
    private func affineGradient(
        _ encoder: PatchEncoder, _ name: String, input: Floats, outputGradient: Floats, count: Int, gradient: ParameterSet,
        inputGradient: MutableFloats
    ) {
        let n = Int32(width)
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, n, n, Int32(count), 1, outputGradient, n, input, n, 1,
            gradient[name + ".weight"].baseAddress!, n)
        let bias = gradient[name + ".bias"]
        for row in 0..<count {
            for i in 0..<width { bias[i] += outputGradient[row * width + i] }
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(count), n, n, 1, outputGradient, n,
            encoder.parameters[name + ".weight"].baseAddress!, n, 0, inputGradient, n)
    }
}
