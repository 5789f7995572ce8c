import Foundations
import TerminalKit
import Testing

@Suite struct ChartTests {
    /// The pyramid gives what a plain loop gives, also after a truncation.
    @Test func summariesEqualAPlainLoop() {
        var generator = SeededGenerator(1, 2)
        var series = Series()
        for step in 1...10_000 { series.append(step: step * 3, generator.uniform(-5, 5)) }
        series.truncate(after: 27_000)
        for step in 27_001..<27_600 { series.append(step: step, generator.uniform(-5, 5)) }
        for _ in 0..<200 {
            let lower = generator.below(28_000)
            let upper = lower + 1 + generator.below(9_000)
            let values = zip(series.steps, series.values).filter { $0.0 >= lower && $0.0 < upper }.map(\.1)
            let found = series.summary(steps: lower..<upper)
            #expect(found?.minimum == values.min())
            #expect(found?.maximum == values.max())
            #expect(found?.count ?? 0 == values.count)
            // Sums of at most 10,000 values below 5 in different order: 1e-9 is far above rounding.
            if let found { #expect(abs(found.sum - values.reduce(0) { $0 + Double($1) }) < 1e-9) }
        }
    }

    @Test func valuesThatAreNotFiniteOrOutOfOrderAreLeftOut() {
        var series = Series()
        for (step, value) in [(1, 1.0), (2, .nan), (3, .infinity), (4, 1e300), (4, 2), (3, 7), (4, 8)] { series.append(step: step, value) }
        #expect(series.steps == [1, 4])
        #expect(series.values == [1, 2])
    }

    /// One value among 100,000 that stands out is drawn, at whatever step it is, and reaches the top of the plot.
    @Test(arguments: [1, 777, 50_000, 99_999]) func spikesSurviveDownSampling(spike: Int) {
        var series = Series()
        for step in 1...100_000 { series.append(step: step, step == spike ? 9 : 1) }
        var painter = Painter(Size(columns: 60, rows: 12), Capabilities(colours: .palette, unicode: true))
        let chart = Chart(lines: [.init(series: series, name: "x", colour: Colour(grey: 200))], steps: 1...100_000, smoothingSteps: 5000)
        chart.draw(&painter, Rect(Size(columns: 60, rows: 12)))
        let grid = painter.finish()
        let isBraille = { (row: Int, column: Int) in (0x2801...0x28FF).contains(grid[row, column].glyph.value) }
        // Plot: columns 6 to 47 (axis left, names right). The spike's column is filled from the line up to near the top (9 of 10).
        let column = 6 + (spike - 1) * 42 / 100_000
        let reached = (0..<11).first { row in (column - 1...column + 1).contains { isBraille(row, $0) } }
        #expect(reached != nil && reached! <= 1)
        // Elsewhere the curve stays low.
        let far = column < 27 ? 45 : 8
        #expect((0..<8).allSatisfy { !isBraille($0, far) })
    }

    @Test func ticksAreRoundAndEnclose() {
        #expect(Chart.ticks(0.57, 9.4, count: 3) == [0, 5, 10])
        #expect(Chart.ticks(0, 1, count: 2) == [0, 0.5, 1])
        let ticks = Chart.ticks(-3.2, 118, count: 5)
        #expect(ticks.first! <= -3.2 && ticks.last! >= 118)
    }

    @Test func coloursOfTheCubeAndTheRampAreExact() {
        #expect(ColourDepth.palette.index(of: Colour(hex: 0x000000)) == 16)
        #expect(ColourDepth.palette.index(of: Colour(hex: 0xFFFFFF)) == 231)
        #expect(ColourDepth.palette.index(of: Colour(hex: 0xD78700)) == 172)
        #expect(ColourDepth.palette.index(of: Colour(grey: 8)) == 232)
        #expect(ColourDepth.palette.index(of: Colour(grey: 128)) == 244)
        #expect(ColourDepth.mono.index(of: Colour(hex: 0xFF0000)) == -1)
        #expect(ColourDepth.eight.index(of: Colour(hex: 0xFF0000)) == 1)
        // Few colours: faint text stays grey, dark colours keep their hue.
        #expect(ColourDepth.eight.index(of: Colour(hex: 0x8A8A8A)) == 7)
        #expect(ColourDepth.sixteen.index(of: Colour(hex: 0x8A8A8A)) == 8)
        #expect(ColourDepth.eight.index(of: Colour(hex: 0x400000)) == 1)
    }

    /// Brightness of the landmarks' colours rises steadily: that is what makes the map readable without colour vision.
    @Test func viridisRisesInBrightness() {
        let brightness = (0...40).map { ColourMap.viridis(Double($0) / 40).brightness }
        #expect(zip(brightness, brightness.dropFirst()).allSatisfy { $0 < $1 })
    }
}
