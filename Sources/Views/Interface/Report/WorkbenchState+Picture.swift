import Screens
import TerminalKit

extension WorkbenchState {
    /// Pixels that the largest slice is wide at least.
    private static let planeWidth = 1024

    /// The screen as a picture for print: slices in pixels, the chosen one at least 1024 wide, whatever the terminal shows.
    package func picture() -> ScreenPicture {
        var state = self
        var offers = TerminalOffers()
        offers.kitty = true
        offers.cell = ScreenPicture.usualCell
        state.view.graphics = .auto
        state.capabilities.colours = .direct
        state.capabilities.unicode = true
        _ = state.reduce(.offered(offers))
        state.coarseness = .none
        let columns = ScreenFrame.render(state).pictures.filter { $0.name.hasPrefix("slice") }.map(\.rect.columns).max() ?? 0
        if columns > 0 {
            let width = max(ScreenPicture.usualCell.width, (Self.planeWidth + columns - 1) / columns)
            offers.cell = PixelSize(width: width, height: 2 * width)
            _ = state.reduce(.offered(offers))
            state.coarseness = .none
        }
        return ScreenPicture(ScreenFrame.render(state))
    }
}
