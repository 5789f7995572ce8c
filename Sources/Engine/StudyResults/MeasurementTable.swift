/// A result's measurements as a table: methods down, targets and metrics across, each in the order in which it was measured.
package struct MeasurementTable {
    package struct Column: Hashable {
        package let target, metric: String
    }

    package struct Row {
        package let method: String
        /// As many as columns; nil where it was not measured.
        package let cells: [MethodScore?]
    }

    package let columns: [Column]
    package let rows: [Row]

    package init(_ result: ExperimentResult) {
        let columns = ExperimentReport.ordered(result.measurements.map { Column(target: $0.target, metric: $0.metric) })
        self.columns = columns
        rows = ExperimentReport.ordered(result.measurements.map(\.method)).map { method in
            let own = result.measurements.filter { $0.method == method }
            return Row(
                method: method, cells: columns.map { column in own.first { $0.target == column.target && $0.metric == column.metric } })
        }
    }
}
