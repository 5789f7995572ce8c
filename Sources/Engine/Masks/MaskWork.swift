/// Where the masks screen has predictions, boxes and fine-tuning done: in the background.
package protocol MaskWork: Sendable {
    /// Takes a request and returns at once; `report` is called from any thread.
    func perform(_ request: MaskRequest, report: @escaping @Sendable (MaskReport) -> Void)
    /// Lets nothing further be written, and returns when nothing is being written.
    func finish()
}

/// For a session whose cohort is not at hand: refuses everything that takes one.
package struct NoMaskWork: MaskWork {
    package init() {}

    package func perform(_ request: MaskRequest, report: @escaping @Sendable (MaskReport) -> Void) {
        switch request {
        case .readBoxes, .look, .stop: break
        case .change, .predict, .planFineTuning, .fineTune: report(.failed("this session's cohort is not at hand"))
        }
    }

    package func finish() {}
}
