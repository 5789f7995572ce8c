import Cohorts
import Foundations
import Imaging
import Inference
import Learning
import Network

extension Benchmark {
    /// Lung segmentation of an adult phantom on a clinical grid of 512×512×300 voxels.
    package static func lungs(_ setup: Setup) throws -> Result {
        let scan = ThoraxPhantom(size: .adult, seed: 1).atlasScan(parallel: setup.parallel)
        let extent = Extent3(x: 512, y: 512, z: 300)
        let ct = try Resampler.linear(
            scan.image, onto: extent, voxelToWorld: grid(extent, over: scan.image), parallel: setup.parallel)
        var found = 0.0
        var result = try setup.time("lungs", samples: 1) {
            found = try LungSegmentation.segment(ct, parallel: setup.parallel).quality.rightMillilitres
        }
        precondition(found > 500, "Benchmark: the phantom's right lung has \(found) mL, expected an adult's")
        result.peak_mb = peakMegabytes()
        return result
    }

    /// Affine registration of an adult phantom's lungs to another's.
    /// - Parameter millimetres: side of the masks' voxels.
    package static func register(_ setup: Setup, millimetres: Double) throws -> Result {
        let phantom = ThoraxPhantom(size: .adult, seed: 1)
        let lungs = [phantom.atlasScan(parallel: setup.parallel).lungs, phantom.subject(0, parallel: setup.parallel).scan.lungs]
        let masks = try lungs.map { mask in
            let size = mask.spacingMillimetres * Point3(Double(mask.extent.x), Double(mask.extent.y), Double(mask.extent.z))
            func count(_ axis: Int) -> Int { max(2, Int((size[axis] / millimetres).rounded(.up))) }
            let extent = Extent3(x: count(0), y: count(1), z: count(2))
            return try Resampler.nearest(
                mask, onto: extent, voxelToWorld: grid(extent, over: mask), fill: 0, parallel: setup.parallel)
        }
        var options = AffineRegistration.Options()
        options.finestMillimetres = millimetres
        return try setup.time("register", samples: 1) {
            _ = try AffineRegistration.register(fixed: masks[0], moving: masks[1], options: options, parallel: setup.parallel)
        }
    }

    /// Dense classification of a slab of an adult phantom's right lung, as `segment` does it: cutting, kernels mixed for each block of 16 mm, encoder
    /// and readout. `samples_per_s` counts voxels that are classified.
    /// - Parameter stride: of the lattice, mm.
    package static func dense(_ setup: Setup, stride: Int) throws -> Result {
        let scan = ThoraxPhantom(size: .adult, seed: 1).atlasScan(parallel: setup.parallel)
        let atlas = try Atlas(
            lungs: Resampler.labelsToMillimetres(scan.lungs, parallel: setup.parallel), landmarks: [VoxelIndex(x: 0, y: 0, z: 0)])
        let image = PreparedImage(ct: scan.image, lungs: scan.lungs, atlasToSubject: .identity, atlas: atlas, parallel: setup.parallel)
        var slab = try Resampler.nearest(
            scan.lungs, onto: image.image.extent, voxelToWorld: image.image.voxelToWorld, fill: UInt8(0), parallel: setup.parallel)
        let layer = slab.extent.x * slab.extent.y
        let middle = slab.extent.z / 2
        for index in slab.voxels.indices where slab.voxels[index] != 1 || !(middle..<middle + slabMillimetres).contains(index / layer) {
            slab.voxels[index] = 0
        }
        let encoder = PatchEncoder(architecture: EncoderArchitecture(experts: 8))
        encoder.initialise(seed: 1, scheme: .perExpert)
        let classifier = Classifier(
            subtype: .centrilobular, scheme: .linear, weights: [Float](repeating: 0.1, count: EncoderArchitecture.representation), bias: 0,
            encoder: InferenceModel(encoder: encoder, name: "bench"), provenance: [:])
        let dense = DenseClassifier(
            image: image, atlas: atlas, classifiers: [classifier], stride: stride, kernels: setup.kernels, parallel: setup.parallel)
        var points = 0
        var result = setup.time("dense") { points = dense.run(lungs: slab)?.points ?? 0 }
        precondition(points > 0, "Benchmark: no voxel of the phantom's lungs was classified")
        result.samples_per_s = Double(points) / result.median_s
        result.gflops = 2e-9 * Double(encoder.architecture.multiplyAdds) * Double(points) / result.median_s
        result.peak_mb = peakMegabytes()
        return result
    }

    /// Height of the slab that `dense` classifies: one block of kernels.
    private static let slabMillimetres = 16

    /// A grid of that many voxels over the same box.
    private static func grid<Voxel>(_ extent: Extent3, over volume: Volume<Voxel>) -> Affine3 {
        var affine = volume.voxelToWorld
        // The outer face of the first voxel stays where it is.
        affine.translation = volume.voxelToWorld(Point3(repeating: -0.5))
        for axis in 0..<3 {
            affine[column: axis] *= Double(volume.extent[axis]) / Double(extent[axis])
            affine.translation += affine[column: axis] / 2
        }
        return affine
    }
}
