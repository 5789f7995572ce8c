import Foundation
import Foundations
import Imaging
import Screens
import SessionFormat
import TerminalKit

/// What `workbench bench render` measures: from a key to its bytes, frame by frame, on a phantom of realistic noise and a long run's curves.
package struct RenderBenchmark {
    /// One kind of frame.
    package struct Kind: Encodable, Sendable {
        package let kind: String
        /// Bytes that a terminal gets (of 256 colours, with pictures of 24 bits), median and most.
        package let bytes: Int
        package let bytes_most: Int
        /// From the state to the cells, and from the key to the last byte written.
        package let render_p50_ms: Double
        package let render_p99_ms: Double
        package let p50_ms: Double
        package let p99_ms: Double
    }

    package struct Result: Encodable, Sendable {
        package let what: String
        package let columns: Int
        package let rows: Int
        /// How pictures are drawn, and with pixels a cell's size.
        package let graphics: String
        package let cell: String?
        package let under_load: Bool
        package let repeats: Int
        package let kinds: [Kind]
        /// Over all kinds.
        package let p50_ms: Double
        package let p99_ms: Double
        /// Growth of the resident set over the last 10,000 frames, kB.
        package let growth_kb: Int
    }

    private var state: WorkbenchState
    private var encoder: FrameEncoder
    private var pictures: PictureEncoder
    private var step = 20_000
    private let output: Int32
    private let ends: (read: Int32, write: Int32)

    /// - Parameters:
    ///   - graphics: how pictures are drawn; an adult's scan in pixels, a small one in cells.
    ///   - depth: colours of the terminal.
    /// - Throws: `Failure` where the system gives no pipe.
    package init(
        size: Size, graphics: Graphics = .cells, cell: PixelSize = .usualCell, mosaic: Mosaic = .half, depth: ColourDepth = .palette
    ) throws {
        state = WorkbenchState(size: size, capabilities: Capabilities(colours: depth, unicode: true))
        encoder = FrameEncoder(.xterm(depth), depth)
        var offers = TerminalOffers()
        (offers.kitty, offers.sixel, offers.cell) = (graphics == .kitty, graphics == .sixel, cell)
        _ = state.reduce(.offered(offers))
        pictures = PictureEncoder(state.capabilities)
        output = open("/dev/null", O_WRONLY)
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { throw Failure.system("make a pipe") }
        ends = (pair[0], pair[1])
        _ = state.reduce(.sessionOpened(SessionIdentity(name: "bench", ownership: .thisProcess), ViewSettings()))
        state.view.mosaic = mosaic
        let run = RunStarted(task: "pretrain", pid: 1, threads: 2, isa: "v3", totalSteps: 100_000, stepsPerEpoch: 1162, landmarks: 581)
        _ = state.reduce(.journal([JournalEntry(t: 0, step: 0, event: .started(run))] + (1...20_000).map(Self.entry)))
        let phantom = ThoraxPhantom(size: graphics == .cells ? .compact : .adult, seed: 3).subject(0, parallel: .allProcessors).scan
        let volumes = SubjectVolumes(
            ct: phantom.image, lungs: phantom.lungs,
            centrilobular: SubtypeVolumes(mask: phantom.centrilobular, model: "bench", strideMillimetres: 4),
            paraseptal: SubtypeVolumes(mask: phantom.paraseptal, model: "bench", strideMillimetres: 4))
        _ = state.reduce(.subjectsListed([SubjectEntry(id: "phantom", image: URL(fileURLWithPath: "/dev/null"))]))
        _ = state.reduce(.subjectLoaded(try LoadedSubject(id: "phantom", volumes)))
    }

    /// Values of a curve with noise, the same in every run.
    private static func entry(_ step: Int) -> JournalEntry {
        var generator = SeededGenerator(1, UInt64(step))
        func noisy(_ value: Double) -> Double { value * (1 + generator.uniform(-0.1, 0.1)) }
        let loss = 3 + 4 * exp(-Double(step) / 5000)
        return JournalEntry(
            t: Double(step) * 1.5, step: step,
            event: .step(
                StepMetrics(
                    loss: noisy(2 * loss), local: noisy(loss), neighbour: noisy(loss), acc1: noisy(0.8), acc1_neighbour: noisy(0.9),
                    landmark: step % 581, lr: 0.01, samples_per_s: noisy(80), gradient_norm: noisy(1), bank_fill: 1, data_wait_s: 0.001,
                    embedding_sd: noisy(0.05))))
    }

    private struct Sample {
        var bytes: Int
        var render, whole: Double
    }

    /// - Parameters:
    ///   - repeats: frames of each kind.
    ///   - underLoad: keys then come one by one through a pipe, as from a terminal, at irregular times.
    ///   - measuresGrowth: renders 20,000 frames more.
    package mutating func run(repeats: Int, underLoad: Bool, measuresGrowth: Bool = true) throws -> Result {
        // What comes before a frame, and the key that makes it; every twenty times the other way round.
        var kinds: [(name: String, prepare: [String], key: String?, back: [String: String])] = [
            ("curve_append", ["1"], nil, [:]), ("idle", ["1"], "", [:]), ("training_key", ["1"], "]", ["]": "["]),
            ("palette", ["1"], ":", [:]),
            ("screen_switch", ["1"], "3", [:]), ("crosshair_move", ["3"], "l", ["l": "h"]),
            ("crosshair_rest", ["3", "l"], "settled", ["l": "h"]), ("slice_step", ["3"], "Up", ["Up": "Down"]),
            ("slice_step_lean", ["3", "F11"], "Up", ["Up": "Down"]),
        ]
        if state.capabilities.drawsPixels {
            kinds += [
                ("slice_rest", ["3", "Up"], "settled", ["Up": "Down"]), ("window_change", ["3"], ".", [".": ","]),
                ("opacity_change", ["3"], "+", ["+": "-"]), ("screen_rest", ["1", "3"], "settled", [:]),
                ("screen_rest_others", ["1", "3", "settled"], "settled", [:]),
            ]
        }
        var found: [Kind] = []
        var all: [Double] = []
        // As the interface's loop does it.
        if underLoad { Parallel.watchKeys(ends.read) }
        defer { Parallel.watchKeys(nil) }
        for kind in kinds {
            var samples: [Sample] = []
            for round in 0..<repeats {
                state.overlay = nil
                state.leanness = .automatic
                let isBack = round / 20 % 2 == 1
                func way(_ name: String) -> String { isBack ? kind.back[name] ?? name : name }
                for name in kind.prepare {
                    if name == "settled" { _ = encode(ScreenFrame.render(state)) }
                    _ = state.reduce(name == "settled" ? .settled : .key(Key(name: way(name))!))
                }
                // What was shown before a key is shown in full, unless that is what is measured.
                _ = encode(ScreenFrame.render(state))
                while state.isUnsettled, kind.key != "settled" {
                    _ = state.reduce(.settled)
                    _ = encode(ScreenFrame.render(state))
                }
                samples.append(try measure(kind.key.map(way), underLoad: underLoad))
            }
            samples.sort { $0.bytes < $1.bytes }
            let whole = samples.map(\.whole).sorted()
            let render = samples.map(\.render).sorted()
            if kind.name != "idle" { all += whole }
            found.append(
                Kind(
                    kind: kind.name, bytes: samples[repeats / 2].bytes, bytes_most: samples[repeats - 1].bytes,
                    render_p50_ms: Self.percentile(render, 50), render_p99_ms: Self.percentile(render, 99),
                    p50_ms: Self.percentile(whole, 50),
                    p99_ms: Self.percentile(whole, 99)))
        }
        all.sort()
        let growth = measuresGrowth ? growth() : 0
        return Result(
            what: "render", columns: state.size.columns, rows: state.size.rows,
            graphics: state.capabilities.graphics.rawValue,
            cell: state.capabilities.drawsPixels ? state.capabilities.cell.description : nil, under_load: underLoad, repeats: repeats,
            kinds: found,
            p50_ms: Self.percentile(all, 50), p99_ms: Self.percentile(all, 99), growth_kb: growth)
    }

    private mutating func measure(_ key: String?, underLoad: Bool) throws -> Sample {
        var began = ContinuousClock.now
        if underLoad {
            // The key comes while the loop sleeps, as it does from a terminal.
            let write = ends.write
            let sent = Sent()
            let thread = Thread {
                usleep(UInt32.random(in: 2_000...12_000))
                sent.time = ContinuousClock.now
                var byte: UInt8 = 1
                _ = Foundation.write(write, &byte, 1)
            }
            thread.start()
            var waited = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
            Parallel.endFrame()
            _ = poll(&waited, 1, 10_000)
            Parallel.beginFrame()
            var byte: UInt8 = 0
            _ = read(ends.read, &byte, 1)
            began = sent.time
        }
        switch key {
        case nil:
            step += 1
            _ = state.reduce(.journal([Self.entry(step)]))
        case "": break
        case "settled": _ = state.reduce(.settled)
        case let name?: _ = state.reduce(.key(Key(name: name)!))
        }
        let start = ContinuousClock.now
        let frame = ScreenFrame.render(state)
        let rendered = ContinuousClock.now
        let bytes = encode(frame)
        bytes.withUnsafeBytes { _ = write(output, $0.baseAddress, $0.count) }
        return Sample(
            bytes: bytes.count, render: (rendered - start).seconds * 1000, whole: (ContinuousClock.now - began).seconds * 1000)
    }

    /// As the terminal does it.
    private mutating func encode(_ frame: CellGrid) -> [UInt8] {
        _ = encoder.encode(frame)
        let drawn = pictures.encode(frame, encoder)
        if !drawn.isEmpty { encoder.forgetCursor() }
        return encoder.bytes + drawn
    }

    /// Written by one thread before its byte is read by the other.
    private final class Sent: @unchecked Sendable { var time = ContinuousClock.now }

    /// Resident kB gained over 10,000 frames, after as many to warm up.
    private mutating func growth() -> Int {
        func frames() {
            for index in 0..<10_000 {
                let name = ["Up", "Down", "l", "h", "1", "3", ":", "Esc"][index % 8]
                _ = state.reduce(.key(Key(name: name)!))
                _ = encode(ScreenFrame.render(state))
            }
        }
        frames()
        let before = Self.residentKilobytes()
        frames()
        return Self.residentKilobytes() - before
    }

    private static func residentKilobytes() -> Int { (ResidentMemory.bytes ?? 0) / 1024 }

    private static func percentile(_ sorted: [Double], _ percent: Int) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let value = sorted[min(sorted.count - 1, sorted.count * percent / 100)]
        return (value * 1000).rounded() / 1000
    }
}
