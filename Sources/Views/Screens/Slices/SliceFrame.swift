import TerminalKit

/// A slice's place in the terminal's pixels.
package struct SliceFrame: Sendable {
    /// All of its pixels.
    package let projection: SliceProjection
    /// What is drawn now: the same, or with fewer pixels while keys repeat.
    package let drawn: SliceProjection
    package let isCoarse: Bool
    /// Eight greys are enough.
    package let hasFewShades: Bool
    /// Of a line of text in it, pixels.
    package let textHeight: Int

    package init(_ projection: SliceProjection, coarseness: Int?, hasFewShades: Bool = false, textHeight: Int) {
        self.hasFewShades = hasFewShades
        self.projection = projection
        drawn = coarseness.map(projection.coarser) ?? projection
        isCoarse = coarseness != nil
        self.textHeight = textHeight
    }

    /// A layer over all of the slice.
    func layer(_ name: String, _ identity: String, _ draw: @escaping @Sendable () -> Raster) -> Picture.Layer {
        let hasFewShades = hasFewShades
        return Picture.Layer(name, width: projection.columns, height: projection.rows, identity: identity, isCoarse: isCoarse) {
            hasFewShades ? draw().withFewShades : draw()
        }
    }

    /// A layer of lines and letters: always with all pixels.
    func fineLayer(
        _ name: String, x: Int = 0, y: Int = 0, width: Int, height: Int, _ identity: String,
        _ draw: @escaping @Sendable (inout Canvas) -> Void
    ) -> Picture.Layer {
        Picture.Layer(name, x: x, y: y, width: width, height: height, identity: identity) {
            var canvas = Canvas(width: width, height: height)
            draw(&canvas)
            return canvas.raster
        }
    }
}
