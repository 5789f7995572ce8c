import Foundations
import Imaging
import TestSupport
import Testing

@Suite("Whether values can be HU")
struct HounsfieldCheckTests {
    /// A chest of cylinders: air, muscle with a coat of fat, two lungs, a trachea; 2 mm by 2 mm by 4 mm.
    private static func chest(trachea: Int16 = -990, _ change: (Int16, Int) -> Int = { value, _ in Int(value) }) -> Volume<Int16> {
        let extent = Extent3(x: 160, y: 120, z: 20)
        var voxels: [Int16] = []
        voxels.reserveCapacity(extent.count)
        for z in 0..<extent.z {
            for y in 0..<extent.y {
                for x in 0..<extent.x {
                    let (dx, dy) = (Double(x) - 80, Double(y) - 60)
                    let body = dx * dx / (65 * 65) + dy * dy / (45 * 45)
                    var value: Int16 = body > 1 ? -1000 : body > 0.85 ? -100 : 50
                    for side in [-30.0, 30] where (dx - side) * (dx - side) / 400 + dy * dy / 600 < 1 { value = -860 }
                    if dx * dx + (dy + 6) * (dy + 6) < 25 { value = trachea }
                    // Noise of whole HU that depends on the place alone.
                    let noise = Int16((x * 7 + y * 13 + z * 29) % 21) - 10
                    voxels.append(Int16(clamping: max(-1024, change(value + noise, z))))
                }
            }
        }
        return Volume(extent: extent, voxelToWorld: Affine3(scale: [2, 2, 4]), voxels: voxels)
    }

    @Test("a sound chest, and one padded around its circle, give no caution")
    func sound() {
        #expect(HounsfieldCheck(Self.chest()).cautions == [])
        var padded = Self.chest()
        for index in padded.voxels.indices where index % 160 < 10 { padded.voxels[index] = -1024 }
        #expect(HounsfieldCheck(padded).cautions == [])
    }

    @Test(
        "values that are shifted or scaled are told by what they show",
        arguments: [
            (1.0, 120.0, "the air around the patient reads -880 HU"), (1, 1024, "hardly any voxel reads as air"),
            (1, -300, "hardly any voxel reads as air"),
            (0.5, -500, "hardly any voxel reads as soft tissue"), (1, -150, "no muscle or blood reads"),
        ])
    func shifted(slope: Double, shift: Double, words: String) {
        let cautions = HounsfieldCheck(Self.chest { value, _ in Int(slope * Double(value) + shift) }).cautions
        #expect(cautions.contains { $0.contains(words) }, "\(cautions)")
    }

    @Test("a trachea whose air is none, and one slice with another offset, are told")
    func parts() {
        let trachea = HounsfieldCheck(Self.chest(trachea: -800)).cautions
        #expect(trachea.count == 1 && trachea[0].contains("the trachea reads -800 HU"), "\(trachea)")
        let slice = HounsfieldCheck(Self.chest { value, z in Int(value) + (z == 7 ? 1024 : 0) }).cautions
        #expect(slice.count == 1 && slice[0].contains("the slice at 28 mm differs"), "\(slice)")
    }

    @Test("real scans give no caution", .enabled(if: SharedData.hasCT))
    func real() throws {
        for name in ["covidctmd_P001_2mm.nii.gz", "lungfcp-01-0001_truncated_2mm.nii.gz", "cip_copd_ct64.nii.gz"] {
            #expect(HounsfieldCheck(try NiftiFile.readCT(SharedData.ct(name))).cautions == [], "\(name)")
        }
    }
}
