/// The parts of a thorax that hold air and do not open to the air around the patient: lungs, airways, bowel gas.
struct EnclosedAir {
    /// Midway between aerated lung and soft tissue: where a border blurred by the scanner lies.
    static let thresholdHounsfield: Float = -400

    /// 1 in every block of enclosed air, else 0.
    let mask: [UInt8]
    /// Mean x index of the soft tissue: the patient's midline, blocks.
    let midline: Double
    /// Width of the soft tissue, blocks.
    let width: Double

    /// - Parameter grid: axes grow to Left, Posterior, Superior.
    init(in grid: WorkingGrid) {
        let extent = grid.extent
        let isAir = grid.hounsfield.map { $0 < Self.thresholdHounsfield }
        // Air around the patient reaches a side face. The end faces do not count: the windpipe leaves there, and lungs that are cut off.
        var sides: [Int] = []
        for z in 0..<extent.z {
            let slice = z * extent.x * extent.y
            for x in 0..<extent.x { sides += [slice + x, slice + (extent.y - 1) * extent.x + x] }
            for y in 0..<extent.y { sides += [slice + y * extent.x, slice + y * extent.x + extent.x - 1] }
        }
        let isOutside = extent.flood(from: sides) { isAir[$0] }
        mask = isAir.indices.map { isAir[$0] && !isOutside[$0] ? 1 : 0 }

        var columns = [Int](repeating: 0, count: extent.x)
        for index in isAir.indices where !isAir[index] { columns[index % extent.x] += 1 }
        let tissue = columns.reduce(0, +)
        midline = Double(columns.enumerated().map { $0.offset * $0.element }.reduce(0, +)) / Double(max(tissue, 1))
        // Columns with hardly any tissue belong to the table.
        let busy = columns.indices.filter { columns[$0] * 50 > columns.max() ?? 0 }
        width = Double((busy.last ?? 0) - (busy.first ?? 0) + 1)
    }
}
