import Foundations
import Screens
import SessionFormat

extension RunComparison {
    /// Reads the journals of sessions whole; what is wrong with one is told in its place.
    init(reading folders: [SessionFolder]) {
        self.init(
            runs: folders.map { folder in
                var training = TrainingState()
                var reader = JSONLinesReader<JournalEntry>(folder.journal)
                do {
                    while case let entries = try reader.read(limit: 1 << 22), !entries.isEmpty { entries.forEach { training.fold($0) } }
                    return Run(name: folder.name, training: training)
                } catch {
                    return Run(name: folder.name, training: training, complaint: "\(error)")
                }
            })
    }
}
