import ArgumentParser
import Engine
import Foundation

/// Where a command writes an image.
enum NiftiOutput {
    /// Refuses, as wrong usage, a name that no image can have.
    static func check(_ option: String, _ path: String) throws {
        let name = path.lowercased()
        guard name.hasSuffix(".nii") || name.hasSuffix(".nii.gz") else {
            throw ValidationError("\(option) is \(path), expected a name that ends in .nii or .nii.gz")
        }
    }
}
