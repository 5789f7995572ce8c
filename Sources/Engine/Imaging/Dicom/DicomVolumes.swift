import Foundations

/// Several scans or reconstructions under the name of one series: told apart where their headers do, and never guessed.
enum DicomVolumes {
    /// What may tell volumes apart, by its name; a slice's value.
    private static let marks: [(name: String, value: @Sendable (DicomSlice) -> String?)] = [
        ("acquisition", { $0.acquisitionNumber.map(String.init) }), ("phase", { $0.temporalPosition.map(String.init) }),
        ("kernel", { $0.kernel ?? "none" }), ("image type", { $0.imageType.joined(separator: "/") }),
        ("slices of mm", { $0.thicknessMillimetres.map(CTAcquisition.brief) ?? "none" }),
        ("contrast agent", { $0.contrastAgent ?? "none" }),
        ("size", { "\($0.columns)×\($0.rows) of \($0.pixelSpacing.map(CTAcquisition.brief).joined(separator: "×")) mm" }),
        ("direction", { direction($0) }), ("acquisition time", { $0.acquisitionTime.isEmpty ? nil : $0.acquisitionTime }),
    ]

    /// The one volume of a series, or the one of several that was asked for.
    /// - Parameter volume: from 1; nil where there should be only one.
    /// - Throws: what `refuse` makes of the reason.
    static func choose(_ images: [DicomSlice], volume: Int?, _ refuse: (String) -> Failure) throws -> DicomStack {
        let fault: DicomStack.Fault
        do {
            let stack = try DicomStack(images)
            if let volume, volume != 1 { throw refuse("it holds one volume, there is no volume \(volume)") }
            return stack
        } catch let found as DicomStack.Fault { fault = found }
        guard let found = separated(images) else {
            if let volume { throw refuse("\(fault.reason); its headers tell no volumes apart, so that there is no volume \(volume)") }
            throw refuse("\(fault.reason)\(fault.reason.contains("export") ? "" : "; export one series alone")")
        }
        let list = found.stacks.enumerated().map { "\($0 + 1) (\(describe($1, by: found.mark)))" }.joined(separator: "; ")
        guard let volume else {
            throw refuse(
                "\(fault.reason); its headers tell \(found.stacks.count) volumes apart: \(list); take one with `workbench import --volume 1`"
            )
        }
        guard found.stacks.indices.contains(volume - 1) else { throw refuse("there is no volume \(volume); there are: \(list)") }
        return found.stacks[volume - 1]
    }

    /// Volumes, each of them whole, by the first mark that tells them apart.
    private static func separated(_ images: [DicomSlice]) -> (mark: Int?, stacks: [DicomStack])? {
        for (index, mark) in marks.enumerated() {
            if let stacks = stacks(of: images, by: mark.value) { return (index, stacks) }
        }
        // Scans that were numbered one after another, each beginning at its first place again.
        let runs = numberRuns(images)
        guard runs.count > 1 else { return nil }
        let stacks = runs.compactMap { try? DicomStack($0) }
        return stacks.count == runs.count ? (nil, stacks) : nil
    }

    private static func stacks(of images: [DicomSlice], by value: (DicomSlice) -> String?) -> [DicomStack]? {
        let values = images.compactMap(value)
        guard values.count == images.count, Set(values).count > 1, Set(values).count <= images.count / DicomStack.fewestSlices else {
            return nil
        }
        let groups = Dictionary(grouping: images) { value($0) ?? "" }.sorted { before($0.key, $1.key) }
        let stacks = groups.compactMap { try? DicomStack($0.value) }
        return stacks.count == groups.count ? stacks : nil
    }

    /// Numbers by size, other texts by letters.
    private static func before(_ a: String, _ b: String) -> Bool {
        if let first = Double(a), let second = Double(b), first != second { return first < second }
        return a < b
    }

    /// The images in the order of their numbers, cut where the way along the normal turns back.
    private static func numberRuns(_ images: [DicomSlice]) -> [[DicomSlice]] {
        guard let along = images.first?.along, Set(images.compactMap(\.instanceNumber)).count == images.count else { return [] }
        let normal = cross(along.x, along.y)
        let ordered = images.sorted { ($0.instanceNumber ?? 0) < ($1.instanceNumber ?? 0) }
        let places = ordered.compactMap { $0.position.map { dot($0, normal) } }
        guard places.count == ordered.count, places.count > 1 else { return [] }
        let forward = places[1] > places[0]
        var runs: [[DicomSlice]] = [[ordered[0]]]
        for index in 1..<ordered.count {
            if (places[index] > places[index - 1]) == forward {
                runs[runs.count - 1].append(ordered[index])
            } else {
                runs.append([ordered[index]])
            }
        }
        return runs
    }

    private static func direction(_ slice: DicomSlice) -> String? {
        slice.along.map { along in
            [along.x, along.y].flatMap { [$0.x, $0.y, $0.z] }.map(CTAcquisition.brief).joined(separator: "/")
        }
    }

    private static func describe(_ stack: DicomStack, by mark: Int?) -> String {
        let first = stack.slices[0]
        let from = dot(stack.start, stack.normal)
        var parts = [DicomStack.counted(stack.slices.count, "image")]
        if let mark {
            let name = marks[mark].name
            // The time of a scan stays with us.
            if !["direction", "acquisition time"].contains(name), let value = marks[mark].value(first) { parts.append("\(name) \(value)") }
        } else {
            let numbers = stack.slices.compactMap(\.instanceNumber)
            if let least = numbers.min(), let most = numbers.max() { parts.append("numbers \(least) to \(most)") }
        }
        let to = from + stack.spacing * Double(stack.slices.count - 1)
        parts.append("from \(CTAcquisition.brief(from)) to \(CTAcquisition.brief(to)) mm")
        if let kernel = first.kernel { parts.append(kernel) }
        return parts.joined(separator: ", ")
    }
}
