/// How the curves are looked at: what, against what, how much of it. Kept in `view.json`.
package struct CurveView: Codable, Equatable, Sendable {
    /// Which curves.
    package enum Page: String, Codable, CaseIterable, Sendable {
        case losses, rates, health, probe

        package var title: String {
            switch self {
            case .losses: "losses and accuracies"
            case .rates: "learning rate and speed"
            case .health: "gradient norm and spread of the embeddings"
            case .probe: "what a probe reads out of the encoder"
            }
        }
    }

    /// What they are drawn against.
    package enum Axis: String, Codable, CaseIterable, Sendable {
        case step, epoch, time
    }

    /// What lies below them.
    package enum Panel: String, Codable, CaseIterable, Sendable {
        case events, landmarks, commands
    }

    package var page = Page.losses
    package var axis = Axis.step
    /// Values on a logarithmic scale, where they are above zero.
    package var logarithmic = false
    /// Steps shown; nil: all.
    package var span: Int?
    /// The last step shown; nil: the newest, and on with it.
    package var end: Int?
    /// The step under the cross-hair.
    package var cursor: Int?
    /// The line is the mean over so many hundredths of what is shown; 0: each step's own value.
    package var smoothingPercent = 5
    package var panel = Panel.events

    package static let smoothings = [0, 1, 2, 5, 10, 20]
    private static let leastSpan = 8

    package init() {}

    /// Reads what `view.json` has; the rest is as at first.
    package init(from decoder: any Decoder) throws {
        self.init()
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        page = (try? fields.decode(Page.self, forKey: .page)) ?? page
        axis = (try? fields.decode(Axis.self, forKey: .axis)) ?? axis
        logarithmic = (try? fields.decode(Bool.self, forKey: .logarithmic)) ?? logarithmic
        span = (try? fields.decode(Int.self, forKey: .span)).map { max(Self.leastSpan, min($0, 1 << 40)) }
        end = (try? fields.decode(Int.self, forKey: .end)).map { max(0, min($0, 1 << 40)) }
        cursor = (try? fields.decode(Int.self, forKey: .cursor)).map { max(0, min($0, 1 << 40)) }
        if let percent = try? fields.decode(Int.self, forKey: .smoothingPercent), Self.smoothings.contains(percent) {
            smoothingPercent = percent
        }
        panel = (try? fields.decode(Panel.self, forKey: .panel)) ?? panel
    }

    /// The steps shown of a run's steps.
    package func shown(of whole: ClosedRange<Int>) -> ClosedRange<Int> {
        let last = max(whole.lowerBound + 1, min(end ?? whole.upperBound, whole.upperBound))
        guard let span else { return whole.lowerBound...max(last, whole.lowerBound + 1) }
        return max(whole.lowerBound, last - span)...last
    }

    /// Steps that the line is the mean of.
    package func smoothing(_ shown: ClosedRange<Int>) -> Int {
        max(1, (shown.upperBound - shown.lowerBound + 1) * smoothingPercent / 100)
    }

    /// Shows fewer (or more) steps, the step under `focus` staying where it is.
    package mutating func zoom(by factor: Double, about focus: Int?, in whole: ClosedRange<Int>) {
        let now = shown(of: whole)
        let width = now.upperBound - now.lowerBound
        let all = whole.upperBound - whole.lowerBound
        let wanted = max(Self.leastSpan, Int((Double(width) * factor).rounded()))
        guard wanted < all else {
            span = nil
            end = nil
            return
        }
        let at = min(max(focus ?? cursor ?? now.upperBound, now.lowerBound), now.upperBound)
        let right = Double(now.upperBound - at) / Double(max(1, width))
        let last = at + Int((right * Double(wanted)).rounded())
        span = wanted
        place(end: max(whole.lowerBound + wanted, last), whole)
    }

    /// Moves by a part of what is shown, later where positive.
    package mutating func pan(by part: Double, in whole: ClosedRange<Int>) {
        guard let span else { return }
        let now = shown(of: whole)
        place(end: max(whole.lowerBound + span, now.upperBound + Int((part * Double(span)).rounded())), whole)
    }

    private mutating func place(end last: Int, _ whole: ClosedRange<Int>) { end = last >= whole.upperBound ? nil : last }

    /// Moves the cross-hair by a part of what is shown (at least a step), or puts it in the middle where there is none.
    package mutating func moveCursor(by part: Double, in whole: ClosedRange<Int>) {
        let now = shown(of: whole)
        guard let at = cursor, now.contains(at) else {
            cursor = (now.lowerBound + now.upperBound) / 2
            return
        }
        let distance = Int((part * Double(now.upperBound - now.lowerBound)).rounded())
        cursor = max(now.lowerBound, min(now.upperBound, at + (distance == 0 ? (part < 0 ? -1 : 1) : distance)))
    }

    /// Runs a command that changes which steps are shown, and how.
    /// - Returns: false for any other command.
    mutating func run(_ command: CommandID, in whole: ClosedRange<Int>) -> Bool {
        switch command {
        case .toggleLogarithm: logarithmic.toggle()
        case .zoomIn: zoom(by: 0.5, about: nil, in: whole)
        case .zoomOut: zoom(by: 2, about: nil, in: whole)
        case .panLeft: pan(by: -0.25, in: whole)
        case .panRight: pan(by: 0.25, in: whole)
        case .showAllSteps:
            span = nil
            end = nil
        case .followNewest: end = nil
        case .curveCursorLeft: moveCursor(by: -0.01, in: whole)
        case .curveCursorRight: moveCursor(by: 0.01, in: whole)
        case .hideCurveCursor: cursor = nil
        case .smoother: changeSmoothing(by: 1)
        case .rougher: changeSmoothing(by: -1)
        default: return false
        }
        return true
    }

    /// What the line is, in a sentence.
    var smoothingSentence: String {
        smoothingPercent == 0
            ? "no smoothing" : "the line is the mean over \(smoothingPercent) % of what is shown; the band stays raw"
    }

    package mutating func changeSmoothing(by step: Int) {
        let at = (Self.smoothings.firstIndex(of: smoothingPercent) ?? 0) + step
        smoothingPercent = Self.smoothings[max(0, min(Self.smoothings.count - 1, at))]
    }
}

extension CaseIterable where Self: Equatable, AllCases.Index == Int {
    /// The case after this one, the first after the last.
    package var next: Self {
        let all = Self.allCases
        return all[(all.firstIndex(of: self)! + 1) % all.count]
    }
}
