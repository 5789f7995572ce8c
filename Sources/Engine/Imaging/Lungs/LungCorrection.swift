import Foundations

/// What a reader changes in a lung mask (0 outside, 1 patient's right lung, 2 left, 3 what may not be lung): whole connected parts, or what of
/// one lies beyond a plane. Applied in order to the mask that was found, they give the corrected one.
package enum LungCorrection: Codable, Equatable, Sendable {
    /// The side of a lung.
    package enum Side: UInt8, Codable, Sendable {
        case right = 1
        case left = 2

        package var name: String { self == .right ? "right" : "left" }
    }

    /// The part that holds a voxel belongs to this lung.
    case give(VoxelIndex, to: Side)
    /// The part that holds a voxel is not lung: one of a lung may then not be lung, one that may not be lung is none at all.
    case take(VoxelIndex)
    /// Of the part of a lung that holds a voxel, what lies beyond that voxel along an axis of the grid may not be lung.
    case cut(VoxelIndex, axis: Int, beyond: Direction)

    /// The sense along an axis of the grid.
    package enum Direction: Int, Codable, Sendable {
        case lower = -1
        case higher = 1
    }

    /// The label of what may not be lung: it is shown, and counts as no lung.
    package static let doubtful = LungLabel.doubtful

    /// The cross-hair's voxel.
    package var voxel: VoxelIndex {
        switch self {
        case .give(let voxel, _), .take(let voxel), .cut(let voxel, _, _): voxel
        }
    }

    /// Why a correction cannot be made where the mask has this label at its voxel, in a sentence; nil where it can.
    package func refusal(label: UInt8) -> String? {
        guard (1...Self.doubtful).contains(label) else {
            return "the cross-hair is on no part of the lung mask: move it into the part that is meant"
        }
        switch self {
        case .give(_, let side):
            return side.rawValue == label ? "this part belongs to the \(side.name) lung already" : nil
        case .take: return nil
        case .cut:
            return label == Self.doubtful ? "this part may not be lung already: a cut is made in a lung" : nil
        }
    }

    /// What it does, in a few words.
    package func words(label: UInt8) -> String {
        switch self {
        case .give(_, let side): "the part was given to the \(side.name) lung"
        case .take: label == Self.doubtful ? "the part was taken out of the mask" : "the part may not be lung now and does not count"
        case .cut: "what lies beyond this slice may not be lung now and does not count"
        }
    }

    /// The corrected mask.
    /// - Throws: `Failure` where the voxel is outside the mask's grid, or lies on nothing that can be corrected this way.
    package func applied(to mask: Volume<UInt8>) throws -> Volume<UInt8> {
        guard mask.extent.contains(voxel) else {
            throw Failure(
                "a lung correction is at voxel \(voxel), outside of the mask of \(mask.extent) voxels: it belongs to another scan")
        }
        let label = mask[voxel]
        if let refusal = refusal(label: label) { throw Failure(refusal) }
        var corrected = mask
        switch self {
        case .give(let seed, let side): corrected.relabelPart(at: seed) { _ in side.rawValue }
        case .take(let seed):
            let becomes = label == Self.doubtful ? 0 : Self.doubtful
            corrected.relabelPart(at: seed) { _ in becomes }
        case .cut(let seed, let axis, let direction):
            guard (0..<3).contains(axis) else { throw Failure("a lung correction cuts along axis \(axis), expected 0, 1 or 2") }
            let (extent, plane) = (mask.extent, seed[axis])
            var isAnything = false
            corrected.relabelPart(at: seed) { place in
                let index = axis == 0 ? place % extent.x : axis == 1 ? place / extent.x % extent.y : place / (extent.x * extent.y)
                guard (index - plane) * direction.rawValue > 0 else { return label }
                isAnything = true
                return Self.doubtful
            }
            guard isAnything else { throw Failure("nothing of this part lies beyond this slice") }
        }
        return corrected
    }
}

extension Volume where Voxel == UInt8 {
    /// Gives new labels to the part that hangs together through faces with a voxel, by storage place.
    fileprivate mutating func relabelPart(at seed: VoxelIndex, _ label: (Int) -> UInt8) {
        let part = self[seed]
        let found = extent.flood(from: [extent.offset(seed)]) { [voxels] in voxels[$0] == part }
        for place in found.indices where found[place] { voxels[place] = label(place) }
    }

    /// Only what counts as lung: without what may not be lung.
    package var withoutDoubtful: Volume<UInt8> {
        voxels.contains(LungCorrection.doubtful) ? mapVoxels { $0 == LungCorrection.doubtful ? 0 : $0 } : self
    }
}
