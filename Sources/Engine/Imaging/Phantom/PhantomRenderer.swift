import Foundations

/// Scans one phantom: distances become HU and truth, slice by slice of the acquisition.
struct PhantomRenderer {
    private let patient: PhantomPatient
    private let geometry: ScannerGeometry
    private let anatomy: AnatomyGrid
    private let objects: SliceObjects
    private let vesselBins, airwayBins, focusBins, cystBins: [[Int]]
    /// Width of the scanner's point spread, mm: the edge of every shape is blurred over it.
    private let blur: Float
    private let tissue: ThoraxTissue
    private let texture: LungTexture

    /// How far a focus's irregular rim may reach beyond its radius, as a fraction.
    private static let rimIrregularity: Float = 0.28
    /// Blur of a focus's rim beyond the scanner's, mm: emphysema has no wall.
    private static let rimWidth: Float = 0.5

    /// Distance within which the rims of two foci join, mm.
    private static let confluence: Float = 2

    init(_ patient: PhantomPatient, geometry: ScannerGeometry, anatomy: AnatomyGrid, texture: LungTexture) {
        self.patient = patient
        self.geometry = geometry
        self.anatomy = anatomy
        self.texture = texture
        let spacing = geometry.spacing
        // The in-plane point spread is about two pixels; thick slices blur oblique edges further.
        let blur = max(1.1, ((4 * spacing.x * spacing.x + 0.5 * spacing.z * spacing.z) / 2).squareRoot())
        self.blur = Float(blur)
        let objects = SliceObjects(geometry)
        self.objects = objects
        vesselBins = objects.bins(patient.tree.vessels) { objects.box($0, reach: $0.radius + blur) }
        airwayBins = objects.bins(patient.tree.airways) { objects.box($0, reach: PulmonaryTree.outerRadius($0.radius) + blur) }
        focusBins = objects.bins(patient.lesions.foci) { objects.box($0.centre, reach: Self.focusReach($0, blur: blur)) }
        cystBins = objects.bins(patient.lesions.cysts) { objects.box($0.centre, reach: $0.radius + blur + 1) }
        tissue = ThoraxTissue(
            scale: Float(patient.shape.scale), tableHeight: Float(patient.shape.bounds.lower.y + 5 * patient.shape.scale), blur: Float(blur)
        )
    }

    private static func focusReach(_ focus: Lesion, blur: Double) -> Double {
        focus.radius * (1 + 2 * Double(rimIrregularity)) + blur
    }

    /// HU and truth of every slice.
    func render(parallel: Parallel) -> PhantomScan {
        let slices = parallel.map(geometry.acquired.z) { renderSlice($0) }
        func volume<Voxel>(_ value: (Slice) -> [Voxel], filler: Voxel) -> Volume<Voxel> {
            var voxels = [Voxel](repeating: filler, count: geometry.stored.count)
            voxels.withUnsafeMutableBufferPointer { out in
                for (k, slice) in slices.enumerated() {
                    let values = value(slice)
                    var index = 0
                    for j in 0..<geometry.acquired.y {
                        var place = geometry.firstOffset + j * geometry.strides.y + k * geometry.strides.z
                        for _ in 0..<geometry.acquired.x {
                            out[place] = values[index]
                            place += geometry.strides.x
                            index += 1
                        }
                    }
                }
            }
            return Volume(extent: geometry.stored, voxelToWorld: geometry.storedToWorld, voxels: voxels)
        }
        return PhantomScan(
            image: volume({ $0.hounsfield }, filler: -1000), lungs: volume({ $0.lungs }, filler: 0),
            centrilobular: volume({ $0.centrilobular }, filler: 0), paraseptal: volume({ $0.paraseptal }, filler: 0))
    }

    private struct Slice {
        var hounsfield: [Int16]
        var lungs: [UInt8]
        var centrilobular: [UInt8]
        var paraseptal: [UInt8]
    }

    private func renderSlice(_ k: Int) -> Slice {
        let width = geometry.acquired.x
        let count = width * geometry.acquired.y
        let vessels = drawVessels(k, count)
        let airways = drawAirways(k, count)
        let foci = drawFoci(k, count)
        let cysts = drawCysts(k, count)
        var values = [Float](repeating: 0, count: count)
        var slice = Slice(
            hounsfield: [], lungs: Array(repeating: 0, count: count), centrilobular: Array(repeating: 0, count: count),
            paraseptal: Array(repeating: 0, count: count))
        let nodes = anatomy.slice(k)
        let stepX = SIMD3<Float>(geometry.acquiredToWorld.columnX)
        for j in 0..<geometry.acquired.y {
            let rowStart = SIMD3<Float>(geometry.acquiredToWorld(Point3(0, Double(j), Double(k))))
            nodes.forEach(row: j, count: width) { i, node in
                let at = j * width + i
                let world = rowStart + stepX * Float(i)
                let lung = min(node[3], node[4])
                var value: Float = 0
                if lung > -blur {
                    value = tissue.hounsfield(node, world: world, dome: patient.shape.anatomy.dome(node))
                }
                if lung < blur {
                    let inside = lungHounsfield(node, world, focus: foci[at], cyst: cysts[at])
                    value += (inside - value) * SignedDistance.coverage(lung, width: blur)
                }
                // Emphysema destroys the small vessels that it surrounds.
                let kept = foci[at].distance < 0 ? vessels[at] * vessels[at] * vessels[at] : vessels[at]
                value += (42 - value) * kept
                value += (15 - value) * airways[at].wall
                value += (-1000 - value) * airways[at].lumen
                values[at] = value
                guard lung < 0 else { return }
                slice.lungs[at] = node[3] < node[4] ? 1 : 2
                if cysts[at].nearest < 0 { slice.paraseptal[at] = 1 } else if foci[at].distance < 0 { slice.centrilobular[at] = 1 }
            }
        }
        patient.noise.add(to: &values, width: width, slice: k)
        slice.hounsfield = values.map { Int16(min(max($0.rounded(), -1024), 3071)) }
        return slice
    }

    @inline(__always)
    private func lungHounsfield(_ node: AnatomyGrid.Node, _ world: SIMD3<Float>, focus: FocusField, cyst: CystField) -> Float {
        var value = patient.parenchyma.hounsfield(world, anatomy: node, texture: texture)
        let toFissure = ThoraxAnatomy.fissure(node) * Float(patient.shape.scale)
        let fissure = SignedDistance.slabCoverage(distance: toFissure, half: 0.2, width: blur)
        value += (-400 - value) * fissure
        if focus.distance < blur {
            value += (focus.hounsfield - value) * SignedDistance.coverage(focus.distance, width: blur + Self.rimWidth)
        }
        if cyst.nearest < blur {
            let half = Float(EmphysemaLesions.wallHalf)
            value += (cyst.hounsfield - value) * SignedDistance.coverage(cyst.nearest, width: blur)
            // A wall around each cyst, and where two press on each other one between them.
            let between = (cyst.second - cyst.nearest) / 2
            let wall = max(
                SignedDistance.slabCoverage(distance: cyst.nearest, half: half, width: blur),
                cyst.nearest < 0 ? SignedDistance.slabCoverage(distance: between, half: half, width: blur) : 0)
            value += (-250 - value) * wall
        }
        return value
    }

    /// Part of each voxel that vessels fill.
    private func drawVessels(_ k: Int, _ count: Int) -> [Float] {
        var covered = [Float](repeating: 0, count: count)
        for index in vesselBins[k] {
            let vessel = patient.tree.vessels[index]
            let radius = Float(vessel.radius)
            // A vessel thinner than the point spread is dimmed in both directions across it.
            let dimming = min(1, 1.8 * radius / blur)
            forEach(vessel, slice: k, reach: vessel.radius + Double(blur)) { at, distance in
                let part = SignedDistance.slabCoverage(distance: distance, half: radius, width: blur) * dimming
                covered[at] = max(covered[at], part)
            }
        }
        return covered
    }

    private struct AirwayField {
        var wall: Float = 0
        var lumen: Float = 0
    }

    private func drawAirways(_ k: Int, _ count: Int) -> [AirwayField] {
        var field = [AirwayField](repeating: AirwayField(), count: count)
        for index in airwayBins[k] {
            let airway = patient.tree.airways[index]
            let inner = Float(airway.radius)
            let outer = PulmonaryTree.outerRadius(airway.radius)
            forEach(airway, slice: k, reach: outer + Double(blur)) { at, distance in
                field[at].wall = max(field[at].wall, SignedDistance.slabCoverage(distance: distance, half: Float(outer), width: blur))
                field[at].lumen = max(field[at].lumen, SignedDistance.slabCoverage(distance: distance, half: inner, width: blur))
            }
        }
        return field
    }

    private struct FocusField {
        /// To the nearest focus's rim, mm; negative inside.
        var distance: Float = 1e6
        var hounsfield: Float = 0
    }

    private func drawFoci(_ k: Int, _ count: Int) -> [FocusField] {
        var field = [FocusField](repeating: FocusField(), count: count)
        for index in focusBins[k] {
            let focus = patient.lesions.foci[index]
            let radius = Float(focus.radius)
            let reach = Self.focusReach(focus, blur: Double(blur))
            let centre = SIMD3<Float>(focus.centre)
            objects.forEach(slice: k, box: objects.box(focus.centre, reach: reach), origin: focus.centre) { at, offset in
                let away = (offset * offset).sum().squareRoot()
                guard away < Float(reach) else { return }
                let place = (offset + centre) * 0.45
                let distance = away - radius * (1 + Self.rimIrregularity * texture(place.x, place.y, place.z))
                let before = field[at].distance
                if distance < before { field[at].hounsfield = focus.hounsfield }
                // Foci that touch run into each other (smooth union).
                let overlap = max(Self.confluence - abs(distance - before), 0)
                field[at].distance = min(distance, before) - overlap * overlap / (4 * Self.confluence)
            }
        }
        return field
    }

    private struct CystField {
        /// To the nearest and second nearest cyst's surface, mm; negative inside.
        var nearest: Float = 1e6
        var second: Float = 1e6
        var hounsfield: Float = 0
    }

    private func drawCysts(_ k: Int, _ count: Int) -> [CystField] {
        var field = [CystField](repeating: CystField(), count: count)
        for index in cystBins[k] {
            let cyst = patient.lesions.cysts[index]
            let radius = Float(cyst.radius)
            let box = objects.box(cyst.centre, reach: cyst.radius + Double(blur) + 1)
            objects.forEach(slice: k, box: box, origin: cyst.centre) { at, offset in
                let distance = (offset * offset).sum().squareRoot() - radius
                if distance < field[at].nearest {
                    field[at] = CystField(nearest: distance, second: field[at].nearest, hounsfield: cyst.hounsfield)
                } else if distance < field[at].second {
                    field[at].second = distance
                }
            }
        }
        return field
    }

    /// Calls `body` with the place and the distance (mm) to the capsule's axis, where that is at most `reach`.
    @inline(__always)
    private func forEach(_ capsule: Capsule, slice k: Int, reach: Double, _ body: (Int, Float) -> Void) {
        let axis = SIMD3<Float>(capsule.end - capsule.start)
        let squaredLength = max((axis * axis).sum(), 1e-6)
        let limit = Float(reach * reach)
        objects.forEach(slice: k, box: objects.box(capsule, reach: reach), origin: capsule.start) { at, offset in
            let along = min(max((offset * axis).sum() / squaredLength, 0), 1)
            let across = offset - axis * along
            let squared = (across * across).sum()
            if squared < limit { body(at, squared.squareRoot()) }
        }
    }
}
