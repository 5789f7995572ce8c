import ArgumentParser
import Foundation

/// Where a command writes an image.
enum NiftiOutput {
    /// Refuses, as wrong usage, a name that no image can have.
    static func check(_ option: String, _ path: String) throws {
        let name = URL(fileURLWithPath: path).lastPathComponent
        guard [".nii", ".nii.gz"].contains(where: { name.hasSuffix($0) && name != $0 }) else {
            let small = name.lowercased().hasSuffix(".nii") || name.lowercased().hasSuffix(".nii.gz") ? ", in small letters" : ""
            throw ValidationError("\(option) is \(path), expected a name that ends in .nii or .nii.gz\(small)")
        }
    }
}
