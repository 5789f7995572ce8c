/// One phantom as it is written: scan with truth, labels, and boxes for fine-tuning.
public struct PhantomSubject: Sendable {
    public let id: String
    public let grade: EmphysemaGrade
    public let scan: PhantomScan
    public let labels: PhantomLabels
    public let boxes: [PhantomBox]
}
