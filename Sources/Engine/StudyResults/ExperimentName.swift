/// The experiments, by the paper's tables and figures.
package enum ExperimentName: String, Codable, CaseIterable, Sendable {
    case table2, table3, table4, table5, table6, table7, table8, table9, figure4, figure5

    package var title: String {
        switch self {
        case .table2: "Image-level readouts of frozen features"
        case .table3: "Survival"
        case .table4: "Severity of disease, five grades"
        case .table5: "Emphysema subtypes of 32 mm boxes"
        case .table6: "Ablation: how the network knows the location"
        case .table7: "Ablation: neighbours in the second loss"
        case .table8: "Sensitivity: random instead of true locations at readout"
        case .table9: "Sensitivity: the atlas, and own keys in the bank"
        case .figure4: "Label efficiency: F1 against the fraction of boxes"
        case .figure5: "Emphysema against GOLD stage"
        }
    }

    /// `Table 2`.
    package var heading: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst().dropLast() + " " + rawValue.suffix(1) }
}
