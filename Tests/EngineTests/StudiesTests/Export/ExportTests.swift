import Foundation
import Foundations
import SessionFormat
import Studies
import TestSupport
import Testing

@Suite("Exports of a session")
struct ExportTests {
    @Test("exports hold the steps that are in force, with TensorBoard's framing and checksums")
    func exports() throws {
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
        let trial = try SessionTrial()
        try trial.train(to: 6, resume: false)
        try trial.steer(.rollBack(4))
        try trial.train(to: 8)
        let metrics = try RunMetrics(trial.session)
        #expect(metrics.rows.map(\.step) == Array(1...8))
        let lines = metrics.csv.split(separator: "\n")
        #expect(lines.count == 9 && lines[0].hasPrefix("step,t,epoch,loss,local") && lines[8].hasPrefix("8,"))
        #expect(lines[5].split(separator: ",").count == lines[0].split(separator: ",").count)

        let data = TensorBoardFile(metrics, began: 1000).data
        var at = 0
        var records = 0
        while at < data.count {
            let length = Int(data.subdata(in: at..<at + 8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
            func sum(_ place: Int) -> UInt32 { data.subdata(in: place..<place + 4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } }
            #expect(sum(at + 8) == CRC32C.masked(data.subdata(in: at..<at + 8)))
            #expect(sum(at + 12 + length) == CRC32C.masked(data.subdata(in: at + 12..<at + 12 + length)))
            at += 16 + length
            records += 1
        }
        #expect(at == data.count && records == 9)
    }
}
