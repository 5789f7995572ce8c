import TerminalKit

/// How pictures are drawn: as the user wants, with what the terminal offers; coarse while keys repeat.
extension WorkbenchState {
    /// Brings what is drawn in line with what was chosen and offered.
    mutating func drawPictures(before: ViewSettings, _ event: WorkbenchEvent) {
        var wanted = capabilities
        wanted.graphics = capabilities.unicode || view.graphics != .auto ? view.graphics.graphics(offers) : .cells
        if capabilities.colours == .mono { wanted.graphics = .cells }
        wanted.mosaic = view.mosaic
        wanted.cell = offers.cell ?? .usualCell
        if let background = offers.background { wanted.background = Colour(hex: UInt32(background)) }
        if offers.directColour, wanted.colours == .palette { wanted.colours = .direct }
        if wanted != capabilities { capabilities = wanted }
        guard capabilities.drawsPixels else {
            coarseness = .none
            return
        }
        switch event {
        // A slow link gets the chosen plane in full, and no more.
        case .settled: coarseness = coarseness == .all || isLean ? .others : .none
        case .key, .command, .mouse: if view.showsOtherSlices(than: before) { coarseness = .all }
        case .cineStep, .sessionOpened, .subjectLoaded, .cohortSubjectLoaded, .atlasLoaded, .offered: coarseness = .all
        default: break
        }
    }

    /// Whether something is held until keys rest.
    package var isUnsettled: Bool { held != nil || (cine == nil && (coarseness == .all || (coarseness == .others && !isLean))) }

    /// Seconds without a key after which what is held follows: once the keys rest, one part after the other.
    package var restSeconds: Double { coarseness == .others && held == nil ? 0.02 : Self.restSeconds }

    /// What the help says of pictures where they cannot have pixels.
    var pictureNote: String? {
        guard offers.isMultiplexed, capabilities.graphics == .cells, view.graphics == .auto else { return nil }
        return "Pictures are made of characters here: tmux and screen pass no pixels on. Without them they are drawn in full."
    }

    mutating func runGraphics(_ command: CommandID) {
        switch command {
        case .nextGraphics:
            view.graphics = view.graphics.next
            let found = view.graphics.graphics(offers)
            let words: String
            switch view.graphics {
            case .auto: words = "pictures by what the terminal offers: \(found.words)"
            case .cells: words = "pictures in characters"
            case .kitty, .sixel: words = "pictures by \(found.words)\(found == offers.best ? "" : ", which this terminal has not offered")"
            }
            message = Message(text: words, isFault: false)
        default:
            view.mosaic = view.mosaic.next
            message = Message(
                text: "pictures in characters have \(view.mosaic.columns * view.mosaic.rows) parts a cell (\(view.mosaic.rawValue))",
                isFault: false)
        }
    }
}

extension Graphics {
    var words: String {
        switch self {
        case .cells: "characters"
        case .kitty: "kitty's protocol"
        case .sixel: "sixel"
        }
    }
}

extension ViewSettings {
    /// Whether slices show other voxels or shades than before.
    fileprivate func showsOtherSlices(than before: ViewSettings) -> Bool {
        (screen != before.screen && [.masks, .cohort, .atlas].contains(screen))
            || cursor != before.cursor || atlasCursor != before.atlasCursor || cohortCursor != before.cohortCursor
            || window != before.window
            || zoom != before.zoom || cohortZoom != before.cohortZoom || slab != before.slab || plane != before.plane
            || atlasPlane != before.atlasPlane || maximised != before.maximised || wholeScreen != before.wholeScreen
    }
}
