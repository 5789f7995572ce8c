/// One phantom as it is written: scan with truth, labels, and boxes for fine-tuning.
package struct PhantomSubject: Sendable {
    package let id: String
    package let grade: EmphysemaGrade
    package let scan: PhantomScan
    package let labels: PhantomLabels
    package let boxes: [PhantomBox]
}
