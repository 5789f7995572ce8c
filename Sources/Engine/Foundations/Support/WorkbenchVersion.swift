/// The program's version.
package enum WorkbenchVersion {
    package static let text = "0.1.0"
}
