/// One phantom subject, before any scanner: shape, vessels, lesions and density, all functions of the seed.
struct PhantomPatient: Sendable {
    let shape: SubjectShape
    let tree: PulmonaryTree
    let lesions: EmphysemaLesions
    let parenchyma: Parenchyma
    let noise: ScannerNoise
}
