/// A terminal without a screen: keeps the frames and plays input, for tests.
package final class RecordingTerminal: Terminal {
    package private(set) var size: Size
    package let capabilities: Capabilities
    package private(set) var frames: [CellGrid] = []
    /// Cells that differed from the frame before, for each frame.
    package private(set) var changedCells: [Int] = []
    package private(set) var isClosed = false
    /// What happens, one group each time the loop asks.
    private var script: [[TerminalInput]]

    package init(size: Size, capabilities: Capabilities, script: [[TerminalInput]]) {
        self.size = size
        self.capabilities = capabilities
        self.script = script
    }

    package var inputDescriptor: Int32? { nil }
    package var signalDescriptor: Int32? { nil }
    package func takeInput() -> [TerminalInput] { script.isEmpty ? [] : script.removeFirst() }
    package func takeSignals() -> [TerminalSignal] { [] }

    package func present(_ frame: CellGrid) {
        let before = frames.last
        let changed = before?.size == frame.size ? zip(before!.cells, frame.cells).count { $0 != $1 } : frame.cells.count
        guard changed > 0 else { return }
        changedCells.append(changed)
        frames.append(frame)
    }

    package func resize() {}
    package func redrawAll() {}
    package func suspend() {}
    package func retake() {}
    package func captureMouse(_ on: Bool) {}
    package func close() { isClosed = true }
}
