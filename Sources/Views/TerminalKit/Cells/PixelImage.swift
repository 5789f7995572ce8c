/// A picture of pixels that are parts of cells: two a cell, one above the other, drawn with the upper half-block `▀`; or four or six, of which each
/// cell shows the two colours and the shape that are nearest to them.
///
/// Where the terminal has few colours or no half-blocks, each cell gets a character by brightness instead, or the pixel's own letter.
package struct PixelImage {
    package let columns: Int
    package let rows: Int
    package let mosaic: Mosaic
    private var colours: [Colour]
    /// Letters that replace brightness where colours are few; 0: none.
    private var letters: [UInt8]

    /// - Parameters:
    ///   - columns, rows: pixels, whole cells of them.
    package init(columns: Int, rows: Int, mosaic: Mosaic = .half, background: Colour = Colour(grey: 0)) {
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        self.mosaic = mosaic
        colours = Array(repeating: background, count: self.columns * self.rows)
        letters = Array(repeating: 0, count: self.columns * self.rows)
    }

    /// The pixel's colour. Writing outside does nothing; reading there gives black.
    package subscript(x: Int, y: Int) -> Colour {
        get { x >= 0 && x < columns && y >= 0 && y < rows ? colours[y * columns + x] : Colour(grey: 0) }
        set { if x >= 0, x < columns, y >= 0, y < rows { colours[y * columns + x] = newValue } }
    }

    /// Gives a pixel a letter for terminals with few colours.
    package mutating func letter(_ letter: Character, x: Int, y: Int) {
        if x >= 0, x < columns, y >= 0, y < rows { letters[y * columns + x] = letter.asciiValue ?? 0 }
    }

    private static let ramp: [Unicode.Scalar] = Array(" .:-=+*#%@".unicodeScalars)

    /// A grey pixel with half of its neighbours beside it: of few shades noise would else make a new pattern with every slice.
    private func smoothed(_ index: Int) -> Colour {
        let here = colours[index]
        let column = index % columns
        guard here.isGrey, column > 0, column + 1 < columns, colours[index - 1].isGrey, colours[index + 1].isGrey else { return here }
        return Colour(grey: UInt8((colours[index - 1].red + 2 * here.red + colours[index + 1].red) / 4))
    }

    package func draw(_ painter: inout Painter, _ rect: Rect) {
        let halfBlocks = painter.capabilities.drawsHalfBlocks
        let isLean = painter.isLean
        func shade(_ index: Int) -> Colour { isLean ? smoothed(index).coarse : colours[index] }
        for row in 0..<min(rows / mosaic.rows, rect.rows) {
            for column in 0..<min(columns / mosaic.columns, rect.columns) {
                let upper = mosaic.rows * row * columns + mosaic.columns * column
                let lower = upper + columns
                let cell: Cell
                if halfBlocks, mosaic != .half {
                    var parts: [Colour] = []
                    for y in 0..<mosaic.rows { for x in 0..<mosaic.columns { parts.append(shade(upper + y * columns + x)) } }
                    cell = MosaicCell(parts, mosaic).cell
                } else if halfBlocks {
                    // One colour in both halves needs no glyph, and costs fewer bytes.
                    let (above, below) = (shade(upper), shade(lower))
                    cell = above == below ? Cell(" ", Style(.terminal, on: above)) : Cell("▀", Style(above, on: below))
                } else {
                    let letter = letters[upper] != 0 ? letters[upper] : letters[lower]
                    let mean = colours[upper].mixed(with: colours[lower], 0.5)
                    let shade = Self.ramp[min(Self.ramp.count - 1, mean.brightness * Self.ramp.count / 256)]
                    let tint = max(mean.red, mean.green, mean.blue) - min(mean.red, mean.green, mean.blue) > 60
                    cell = Cell(letter != 0 ? Unicode.Scalar(letter) : shade, Style(tint || letter != 0 ? mean : .terminal))
                }
                painter.setGlyph(cell, row: rect.row + row, column: rect.column + column)
            }
        }
    }
}
