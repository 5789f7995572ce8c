import Learning
import Network
import Statistics

/// An encoder's image-level features: the mean of h over the landmarks. The encoder learned without labels, so that nothing is left to fit.
package struct EncoderFeatures: FeatureMethod {
    package let name: String
    private let features: FeatureMatrix

    init(name: String, _ features: ImageFeatures) {
        self.name = name
        self.features = FeatureMatrix(values: features.values.map(Double.init), width: EncoderArchitecture.representation)
    }

    package mutating func fit(_ training: [Int]) {}
    package func features(of subject: Int) -> [Double] { Array(features[subject]) }
}
