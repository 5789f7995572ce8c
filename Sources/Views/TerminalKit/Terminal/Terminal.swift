/// Something that shows frames and tells keys: a real terminal, or a recording one for tests.
package protocol Terminal: AnyObject {
    var size: Size { get }
    var capabilities: Capabilities { get }
    /// What it has answered so far.
    var offers: TerminalOffers { get }
    /// Readable when `takeInput` or `takeSignals` has something; nil where there is nothing to wait for.
    var inputDescriptor: Int32? { get }
    var signalDescriptor: Int32? { get }
    /// Keys and mouse since the last call, without waiting.
    func takeInput() -> [TerminalInput]
    /// Seconds after which `takeInput` is to be called again although nothing further came; nil where there is no need.
    var inputDeadline: Double? { get }
    /// Signals since the last call, without waiting.
    func takeSignals() -> [TerminalSignal]
    /// Shows a frame: writes what differs from the frame before, and nothing at all where nothing does.
    func present(_ frame: CellGrid) -> FrameCost
    /// Takes the terminal's present size.
    func resize()
    /// The next frame is written whole.
    func redrawAll()
    /// Gives the terminal back, stops the process, and takes the terminal again when it is continued.
    func suspend()
    /// Takes the terminal's modes again after the process was stopped from outside.
    func retake()
    func captureMouse(_ on: Bool)
    /// Leaves the terminal as it was found.
    func close()
}

/// What a frame cost to show.
package struct FrameCost: Equatable, Sendable {
    package var bytes = 0
    package var cells = 0
    /// Until the terminal had taken the bytes: long where the link lags.
    package var writeSeconds = 0.0
    /// Of the bytes, those of pictures.
    package var pictureBytes = 0

    package init(bytes: Int = 0, cells: Int = 0, writeSeconds: Double = 0, pictureBytes: Int = 0) {
        self.pictureBytes = pictureBytes
        self.bytes = bytes
        self.cells = cells
        self.writeSeconds = writeSeconds
    }
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

package enum TerminalInput: Equatable, Sendable {
    case key(Key)
    case mouse(Mouse)
    /// Text that was pasted.
    case paste(String)
    /// The terminal has answered what it offers.
    case offers(TerminalOffers)
}

extension Terminal {
    package var inputDeadline: Double? { nil }
    package var offers: TerminalOffers { TerminalOffers() }
}

package enum TerminalSignal: Equatable, Sendable {
    case resized
    case suspend
    case continued
    /// The terminal went away.
    case hangUp
    /// SIGINT or SIGTERM, by number.
    case terminate(Int32)
}
