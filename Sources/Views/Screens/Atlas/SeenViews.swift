import SessionFormat
import TerminalKit

/// Makes again what the network saw in a step, counted from 1, with so many neighbouring landmarks.
package typealias PatchSource = @Sendable (_ step: Int, _ neighbours: Int) throws -> SeenPatches

/// What the network saw at a landmark in one of its steps: the middle slices of one subject's patch and of its augmented views.
package struct SeenViews: Equatable, Sendable {
    package struct Key: Equatable, Sendable {
        package var landmark: Int
        package var step: Int

        package init(landmark: Int, step: Int) {
            self.landmark = landmark
            self.step = step
        }
    }

    package struct Picture: Equatable, Sendable {
        package var name: String
        /// `[y][x]`, 0…255.
        package var pixels: [UInt8]

        package init(name: String, pixels: [UInt8]) {
            self.name = name
            self.pixels = pixels
        }
    }

    package var key: Key
    package var subject: String
    package var pictures: [Picture]
    /// Why there are none.
    package var complaint: String?

    package static let side = 32

    package init(key: Key, subject: String = "", pictures: [Picture] = [], complaint: String? = nil) {
        self.key = key
        self.subject = subject
        self.pictures = pictures
        self.complaint = complaint
    }

    /// Computes the views anew: they are a function of the step.
    /// - Parameter make: makes the patches of a step, counted from 1, with so many neighbours.
    package static func read(_ key: Key, neighbours: Int, from make: PatchSource) -> SeenViews {
        do {
            let seen = try make(key.step, neighbours)
            var pictures = [picture("patch", seen.patch), picture("query", seen.query), picture("key", seen.key)]
            pictures += seen.neighbours.enumerated().map { picture("neighbour \($0.offset + 1)", $0.element) }
            return SeenViews(key: key, subject: seen.subject, pictures: pictures)
        } catch {
            return SeenViews(key: key, complaint: "\(error)")
        }
    }

    /// The axial slice in the middle, as it lies in the patch: anterior is up.
    private static func picture(_ name: String, _ voxels: [Float]) -> Picture {
        let slice = voxels[(side / 2 * side * side)..<((side / 2 + 1) * side * side)]
        let rows = stride(from: side - 1, through: 0, by: -1)
        return Picture(
            name: name,
            pixels: rows.flatMap { row in
                (0..<side).map { column in
                    let value = slice[slice.startIndex + row * side + column]
                    return UInt8(max(0, min(255, (value + 1) * 127.5)))
                }
            })
    }
}
