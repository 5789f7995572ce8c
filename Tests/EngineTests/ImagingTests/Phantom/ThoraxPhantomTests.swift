import Foundation
import Foundations
import Imaging
import Testing

@Suite("Thorax phantom")
struct ThoraxPhantomTests {
    private static let phantom = ThoraxPhantom(size: .compact, seed: 11)
    /// Ten subjects show every grade once.
    private static let subjects = (0..<10).map { phantom.subject($0, parallel: .allProcessors) }

    private static func first(_ condition: (EmphysemaGrade) -> Bool) throws -> PhantomSubject {
        try #require(subjects.first { condition($0.grade) })
    }

    /// World coordinates of a volume's voxels that satisfy a condition, every `step`th of them.
    private static func places(_ volume: Volume<UInt8>, step: Int = 1, where condition: (UInt8) -> Bool) -> [Point3] {
        let extent = volume.extent
        let members = volume.voxels.indices.filter { condition(volume.voxels[$0]) }
        return stride(from: 0, to: members.count, by: step).map {
            let index = members[$0]
            return volume.voxelToWorld(
                Point3(Double(index % extent.x), Double(index / extent.x % extent.y), Double(index / (extent.x * extent.y))))
        }
    }

    private static func mean(_ points: [Point3]) -> Point3 { points.reduce(.zero, +) / Double(points.count) }

    /// Fraction of points that have something other than lung at `distance` mm in one of 26 directions.
    private static func fractionNearPleura(_ points: [Point3], lungs: Volume<UInt8>, distance: Double) throws -> Double {
        let toVoxel = try #require(lungs.voxelToWorld.inverse)
        let cells: [Point3] = (0..<27).map { cell in VoxelIndex(x: cell % 3 - 1, y: cell / 3 % 3 - 1, z: cell / 9 - 1).point }
        let directions = cells.filter { length($0) > 0 }
        let near = points.count { point in
            directions.contains { direction in
                let voxel = VoxelIndex(nearestTo: toVoxel(point + direction * (distance / length(direction))))
                return !lungs.extent.contains(voxel) || lungs[voxel] == 0
            }
        }
        return Double(near) / Double(points.count)
    }

    @Test("the same bytes for any number of threads; another seed, another subject")
    func determinism() {
        let one = Self.phantom.subject(3, parallel: Parallel(threads: 1))
        let three = Self.phantom.subject(3, parallel: Parallel(threads: 3))
        #expect(one.scan.image == three.scan.image && one.scan.lungs == three.scan.lungs)
        #expect(one.scan.centrilobular == three.scan.centrilobular && one.scan.paraseptal == three.scan.paraseptal)
        #expect(one.labels == three.labels && one.boxes == three.boxes)
        #expect(ThoraxPhantom(size: .compact, seed: 12).subject(3, parallel: Parallel(threads: 2)).scan.image != one.scan.image)
    }

    @Test("ten subjects show each centrilobular grade, each paraseptal one, each subtype alone, both, and two healthy")
    func grades() {
        let grades = Self.subjects.map(\.grade)
        #expect(Set(grades.map(\.centrilobular)) == Set(0...5))
        #expect(Set(grades.map(\.paraseptal)) == Set(0...2))
        #expect(grades.count { $0.centrilobular == 0 && $0.paraseptal == 0 } == 2)
        #expect(
            grades.contains { $0.centrilobular == 0 && $0.paraseptal > 0 } && grades.contains { $0.centrilobular > 2 && $0.paraseptal == 0 }
        )
        #expect(grades.contains { $0.centrilobular > 2 && $0.paraseptal > 0 })
    }

    @Test("the right lung is larger and lies to the patient's right; volumes are a compact thorax's")
    func lungs() {
        for subject in Self.subjects {
            let lungs = subject.scan.lungs
            let right = Self.places(lungs, step: 50) { $0 == 1 }
            let left = Self.places(lungs, step: 50) { $0 == 2 }
            #expect(right.count > left.count, "\(subject.id)")
            let apart = Self.mean(right) - Self.mean(left)
            #expect(apart.x > 40 && abs(apart.z) < 15, "\(subject.id): \(apart)")
            let millilitres = Double(lungs.voxels.count { $0 != 0 }) * lungs.voxelVolume / 1000
            #expect((200...700).contains(millilitres), "\(subject.id): \(millilitres) mL")
        }
    }

    @Test("truth grows with the grade and lies within the lungs, the subtypes apart")
    func truth() {
        var fractions: [Int: Double] = [:]
        for subject in Self.subjects {
            let scan = subject.scan
            for index in scan.lungs.voxels.indices where scan.centrilobular.voxels[index] + scan.paraseptal.voxels[index] > 0 {
                #expect(scan.lungs.voxels[index] != 0 && scan.centrilobular.voxels[index] + scan.paraseptal.voxels[index] == 1)
            }
            let extent = EmphysemaExtent(scan)
            fractions[subject.grade.centrilobular] = extent.centrilobular
            #expect((extent.paraseptal > 0.005) == (subject.grade.paraseptal > 0))
        }
        let rising = (0...5).compactMap { fractions[$0] }
        #expect(rising.count == 6 && rising == rising.sorted() && rising[0] == 0 && rising[5] > 0.2)
    }

    @Test("centrilobular foci keep off the pleura and favour the upper zones")
    func centrilobular() throws {
        let scan = try Self.first { $0.centrilobular == 4 }.scan
        let foci = Self.places(scan.centrilobular, step: 23) { $0 != 0 }
        #expect(try Self.fractionNearPleura(foci, lungs: scan.lungs, distance: 2) < 0.01)
        let lungs = Self.places(scan.lungs, step: 97) { $0 != 0 }
        #expect(Self.mean(foci).z > Self.mean(lungs).z + 5)
    }

    @Test("paraseptal cysts sit at the pleura")
    func paraseptal() throws {
        let scan = try Self.first { $0.paraseptal == 2 }.scan
        let cysts = Self.places(scan.paraseptal, step: 23) { $0 != 0 }
        #expect(try Self.fractionNearPleura(cysts, lungs: scan.lungs, distance: 12) > 0.97)
    }

    @Test("a threshold at -950 HU does not reach the truth, nor is it blind to it")
    func threshold() throws {
        for subject in Self.subjects where subject.grade.centrilobular + subject.grade.paraseptal > 0 {
            #expect(EmphysemaExtent(subject.scan).thresholdDice < 0.9)
        }
        #expect(try EmphysemaExtent(Self.first { $0.centrilobular == 5 }.scan).thresholdDice > 0.5)
    }

    @Test("scanners differ: spacing within its range, axes and signs vary")
    func scanners() {
        var names: Set<String> = []
        for subject in Self.subjects {
            let grid = subject.scan.image
            let spacing = grid.spacingMillimetres
            let columns = [spacing.x, spacing.y, spacing.z].sorted()
            #expect(columns[0] >= 0.6 && columns[2] <= 2.5)
            #expect(subject.scan.lungs.sharesGrid(with: grid))
            names.insert(Orientation.name(of: grid.voxelToWorld))
        }
        #expect(names.count >= 4)
    }

    @Test("boxes hold what they are named after")
    func boxes() throws {
        var leastLung: [PhantomBox.Kind: Int] = [:]
        for subject in Self.subjects {
            let scan = subject.scan
            let toVoxel = try #require(scan.lungs.voxelToWorld.inverse)
            for box in subject.boxes {
                var (samples, lung, foci, cysts) = (0, 0, 0, 0)
                for index in 0..<4096 {
                    let offset = VoxelIndex(x: index % 16, y: index / 16 % 16, z: index / 256).point * 2 - 15
                    let voxel = VoxelIndex(nearestTo: toVoxel(box.centre + offset))
                    samples += 1
                    guard scan.lungs.extent.contains(voxel) else { continue }
                    lung += scan.lungs[voxel] != 0 ? 1 : 0
                    foci += Int(scan.centrilobular[voxel])
                    cysts += Int(scan.paraseptal[voxel])
                }
                leastLung[box.kind] = min(leastLung[box.kind] ?? samples, lung)
                #expect(lung * (box.kind == .healthy ? 50 : 3) > samples)
                switch box.kind {
                case .cle: #expect(foci * 100 > samples * 7 && foci > cysts)
                case .paraseptal: #expect(cysts * 100 > samples * 5 && cysts > foci)
                case .healthy: #expect((foci + cysts) * 100 < samples)
                }
            }
        }
        // Else what lies beside the lungs would tell disease from health.
        for kind in [PhantomBox.Kind.cle, .paraseptal] {
            #expect(try #require(leastLung[.healthy]) <= #require(leastLung[kind]), "healthy boxes against \(kind)")
        }
        let kinds = Self.subjects.flatMap(\.boxes).map(\.kind)
        for kind in PhantomBox.Kind.allCases { #expect(kinds.count { $0 == kind } >= 8, "\(kind)") }
    }

    @Test("labels follow the lesions")
    func labels() throws {
        let sick = try Self.first { $0.centrilobular == 5 }.labels
        let healthy = try Self.first { $0.centrilobular == 0 && $0.paraseptal == 0 }.labels
        #expect(try #require(sick["fev1pp"]) < #require(healthy["fev1pp"]))
        #expect(try #require(sick["fev1_fvc"]) < #require(healthy["fev1_fvc"]))
        #expect(sick["cle"] == 5 && healthy["cle"] == 0 && healthy["severity"] == 0)
        #expect(try #require(sick["severity"]) >= 3)
        for subject in Self.subjects {
            let gold = try #require(subject.labels["gold"])
            #expect((-1...4).contains(gold))
            #expect(try (#require(subject.labels["fev1_fvc"]) >= 0.7) == (gold <= 0))
            #expect(try #require(subject.labels["time"]) > 0)
        }
    }

    @Test("our own segmentation finds the lungs: Dice at least 0.985 a lung")
    func segmentation() throws {
        for subject in Self.subjects.prefix(4) {
            let found = try LungSegmentation.segment(subject.scan.image, parallel: .allProcessors).mask
            for label in [UInt8(1), 2] {
                var (both, sum) = (0, 0)
                for (a, b) in zip(found.voxels, subject.scan.lungs.voxels) {
                    both += a == label && b == label ? 1 : 0
                    sum += (a == label ? 1 : 0) + (b == label ? 1 : 0)
                }
                #expect(2 * Double(both) / Double(sum) >= 0.985, "\(subject.id), lung \(label)")
            }
        }
    }
}
