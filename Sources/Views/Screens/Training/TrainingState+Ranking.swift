extension TrainingState {
    /// The landmarks that have a value, the highest first.
    package func ranking(_ quantity: LandmarkQuantity) -> [(landmark: Int, value: Double)] {
        landmarks.compactMap { landmark, record in quantity.value(record).map { (landmark: landmark, value: $0) } }
            .sorted { ($0.value, -$0.landmark) > ($1.value, -$1.landmark) }
    }

    /// The landmarks that were visited, the highest last loss first.
    package var landmarksByLoss: [Int] { ranking(.loss).map(\.landmark) }
}
