import Foundation
import Foundations

/// Synthetic thorax CTs with ground truth: every subject is a function of the seed and its index alone.
package struct ThoraxPhantom: Sendable {
    package let size: PhantomSize
    package let seed: UInt64
    private let texture: LungTexture

    package init(size: PhantomSize, seed: UInt64) {
        self.size = size
        self.seed = seed
        var random = SeededGenerator(seed, .phantomTexture)
        texture = LungTexture(&random)
    }

    /// The name of subject `index`: `phantom-001` is index 0.
    package static func name(_ index: Int) -> String { String(format: "phantom-%03d", index + 1) }

    /// How much emphysema subject `index` of the cohort has: every ten subjects show all kinds, in a seeded order.
    package func grade(_ index: Int) -> EmphysemaGrade {
        let cycle = EmphysemaGrade.cycle
        var random = SeededGenerator(seed, .phantomGrades, UInt64(index / cycle.count))
        return cycle[random.permutation(cycle.count)[index % cycle.count]]
    }

    /// Subject `index` of the cohort: scan, truth, labels and boxes.
    package func subject(_ index: Int, parallel: Parallel) -> PhantomSubject {
        func stream(_ stream: RandomStream) -> SeededGenerator { SeededGenerator(seed, stream, UInt64(index)) }
        var forShape = stream(.phantomShape)
        let shape = SubjectShape(size: size, variation: 1, &forShape)
        var forScanner = stream(.phantomScanner)
        let geometry = ScannerGeometry.random(bounds: shape.bounds, &forScanner)
        let grade = grade(index)
        let scanned = scan(shape, geometry, grade, stream, parallel)
        var forLabels = stream(.phantomLabels)
        var forBoxes = stream(.phantomBoxes)
        return PhantomSubject(
            id: Self.name(index), grade: grade, scan: scanned,
            labels: PhantomLabels(grade: grade, truth: EmphysemaExtent(scanned), &forLabels),
            boxes: PhantomBoxes.choose(in: scanned, bounds: shape.bounds, &forBoxes))
    }

    /// The healthy subject of mean shape whose lungs serve as atlas: 1 mm voxels, index growing to the Left, Anterior and Superior.
    package func atlasScan(parallel: Parallel) -> PhantomScan {
        func stream(_ stream: RandomStream) -> SeededGenerator { SeededGenerator(seed, stream, .max) }
        var forShape = stream(.phantomShape)
        let shape = SubjectShape(size: size, variation: 0, &forShape)
        return scan(shape, .atlas(bounds: shape.bounds), EmphysemaGrade(centrilobular: 0, paraseptal: 0), stream, parallel)
    }

    private func scan(
        _ shape: SubjectShape, _ geometry: ScannerGeometry, _ grade: EmphysemaGrade, _ stream: (RandomStream) -> SeededGenerator,
        _ parallel: Parallel
    ) -> PhantomScan {
        var (forTree, forLesions) = (stream(.phantomTree), stream(.phantomLesions))
        var (forParenchyma, forNoise) = (stream(.phantomParenchyma), stream(.phantomNoise))
        let anatomy = AnatomyGrid(shape, geometry, stepMillimetres: 2.6, parallel: parallel)
        let patient = PhantomPatient(
            shape: shape, tree: PulmonaryTree(shape: shape, &forTree),
            lesions: EmphysemaLesions(grade, shape: shape, lungVolume: anatomy.lungVolume(geometry), &forLesions),
            parenchyma: Parenchyma(&forParenchyma), noise: ScannerNoise(&forNoise))
        let renderer = PhantomRenderer(patient, geometry: geometry, anatomy: anatomy, texture: texture)
        return renderer.render(parallel: parallel)
    }
}
