import ArgumentParser
import Interface
import TerminalKit

extension GraphicsChoice: ExpressibleByArgument {}
extension Graphics: ExpressibleByArgument {}
extension Mosaic: ExpressibleByArgument {}

/// How pictures are drawn.
struct PictureOptions: ParsableArguments {
    @Option(
        help: """
            Pictures: auto (what the terminal says that it can), kitty (its protocol), sixel, or cells (characters). Remembered with the session; \
            F10 changes it.
            """)
    var graphics: GraphicsChoice?

    @Option(
        help:
            "Pictures in characters: half (2 parts a cell), quadrant (4) or sextant (6, for fonts that have them). Remembered; F9 changes it."
    )
    var cells: Mosaic?

    /// The same interface, with pictures as asked for.
    func applied(to configuration: WorkbenchConfiguration) -> WorkbenchConfiguration {
        var configuration = configuration
        configuration.graphics = graphics
        configuration.mosaic = cells
        return configuration
    }
}

/// What every command that opens the interface takes.
struct DisplayOptions: ParsableArguments {
    @Flag(help: "One line of text for each change instead of screens: for screen readers, logs and plain terminals.")
    var linear = false

    @OptionGroup var pictures: PictureOptions
}
