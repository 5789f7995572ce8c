import Foundations
import TerminalKit

/// How voxels become pixels.
package enum Interpolation: String, Codable, CaseIterable, Sendable {
    /// Each pixel is the mean of the voxels that it covers, or the one that it lies in.
    case nearest
    /// Between voxels straight from one to the next.
    case linear
}

/// A slab: several slices seen as one. MinIP is how emphysema is read, MIP how nodules are.
package struct SlabView: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, CaseIterable, Sendable {
        case slice, mean, maximum, minimum

        /// As readers call it.
        package var title: String {
            switch self {
            case .slice: "single slice"
            case .mean: "mean"
            case .maximum: "MIP"
            case .minimum: "MinIP"
            }
        }
    }

    package var kind = Kind.slice
    /// Millimetres.
    package private(set) var thickness = 10.0

    package init(kind: Kind = .slice, thickness: Double = 10) {
        self.kind = kind
        self.thickness = thickness
    }

    private static let steps: [Double] = [3, 5, 10, 15, 20, 30, 50]

    package mutating func change(by step: Int) {
        let at = Self.steps.lastIndex { $0 <= thickness } ?? 0
        thickness = Self.steps[max(0, min(Self.steps.count - 1, at + step))]
    }

    package mutating func nextKind() {
        let all = Kind.allCases
        kind = all[(all.firstIndex(of: kind)! + 1) % all.count]
    }

    /// The slice positions that it takes about one.
    package func positions(about position: Int, _ axes: AnatomicalAxes, _ axis: AnatomicalAxis) -> ClosedRange<Int> {
        guard kind != .slice else { return position...position }
        let half = Int((thickness / axes.spacing[axis.rawValue] - 1) / 2 + 0.5)
        return max(0, position - max(0, half))...min(axes.count(axis) - 1, position + max(0, half))
    }

    /// For example `MinIP 10 mm`; nil for a single slice.
    package var words: String? { kind == .slice ? nil : "\(kind.title) \(Text.significant(thickness)) mm" }
}

/// How masks are drawn over the CT.
package enum MaskStyle: String, Codable, CaseIterable, Sendable {
    /// Hatched in a tint, with an outline.
    case hatch
    case outline
    case fill
    /// Lines of equal probability.
    case contours

    package var next: MaskStyle { Self.allCases[(Self.allCases.firstIndex(of: self)! + 1) % Self.allCases.count] }

    package var words: String {
        switch self {
        case .hatch: "masks are hatched"
        case .outline: "masks have an outline only"
        case .fill: "masks are filled"
        case .contours: "lines of probability 0.25, 0.50, 0.75"
        }
    }
}

extension MaskStyle {
    /// In cells: contours need more pixels than those have.
    var fills: Bool { self == .hatch || self == .fill }
}

/// How a slice is read: what does not depend on which one it is.
package struct SliceReading: Equatable, Sendable {
    package var interpolation = Interpolation.nearest
    package var slab = SlabView()
    package var style = MaskStyle.hatch
    /// Diameter of the region whose mean is told, mm; nil: none.
    package var region: Double?

    package init(
        interpolation: Interpolation = .nearest, slab: SlabView = SlabView(), style: MaskStyle = .hatch, region: Double? = nil
    ) {
        self.interpolation = interpolation
        self.slab = slab
        self.style = style
        self.region = region
    }
}
