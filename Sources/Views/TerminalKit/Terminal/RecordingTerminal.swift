import Foundation

/// A terminal without a screen: plays a script and keeps the frames, for tests of the whole loop.
package final class RecordingTerminal: Terminal {
    /// One thing that happens.
    package enum Step: Sendable {
        case key(Key)
        case mouse(Mouse)
        case paste(String)
        case resize(Size)
        /// Nothing further happens before this text is on the screen.
        case waitFor(String)
    }

    package private(set) var size: Size
    package let capabilities: Capabilities
    package private(set) var frames: [CellGrid] = []
    package private(set) var isClosed = false
    /// True where a text that was waited for did not come in time.
    package private(set) var gaveUp = false
    private var script: ArraySlice<Step>
    private let patience: Double
    private var waitingSince: ContinuousClock.Instant?
    /// Always readable, so that the loop asks again at once.
    private let ready = open("/dev/null", O_RDONLY | O_CLOEXEC)

    /// - Parameter patience: seconds to wait for a text.
    package init(size: Size, capabilities: Capabilities, script: [Step], patience: Double = 20) {
        self.size = size
        self.capabilities = capabilities
        self.script = script[...]
        self.patience = patience
    }

    deinit { Foundation.close(ready) }

    private var isWaiting: Bool {
        if case .waitFor = script.first { return true }
        return false
    }

    package var inputDescriptor: Int32? { isWaiting ? nil : ready }
    package var signalDescriptor: Int32? { nil }

    package func takeInput() -> [TerminalInput] {
        switch script.first {
        case .key(let key):
            script.removeFirst()
            return [.key(key)]
        case .mouse(let mouse):
            script.removeFirst()
            return [.mouse(mouse)]
        case .paste(let text):
            script.removeFirst()
            return [.paste(text)]
        case .waitFor(let text):
            if frames.last?.text.contains(text) == true {
                script.removeFirst()
                waitingSince = nil
            }
            return []
        case .resize, nil: return []
        }
    }

    package func takeSignals() -> [TerminalSignal] {
        switch script.first {
        case .resize(let wanted):
            script.removeFirst()
            size = wanted
            return [.resized]
        case .waitFor:
            let since = waitingSince ?? .now
            waitingSince = since
            guard ContinuousClock.now - since > .seconds(patience) else { return [] }
            gaveUp = true
            return [.hangUp]
        // A script that does not leave ends like a terminal that goes away.
        case nil: return [.hangUp]
        case .key, .mouse, .paste: return []
        }
    }

    package func present(_ frame: CellGrid) -> FrameCost {
        if frame != frames.last { frames.append(frame) }
        return FrameCost()
    }

    package func resize() {}
    package func redrawAll() {}
    package func suspend() {}
    package func retake() {}
    package func captureMouse(_ on: Bool) {}
    package func close() { isClosed = true }
}
