import ArgumentParser
import Foundation
import Foundations
import Interface
import Screens
import Studies
import TerminalKit

/// `workbench bench WHAT`: measures a part of the engine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a part of the engine: several repeats, the median, and the machine's noise.")

    enum Subject: String, ExpressibleByArgument, CaseIterable {
        case gemm, conv, forward, train, augment, lungs, register, dense, render
    }

    @Argument(help: "What to measure.")
    var what: Subject

    @Option(help: "Threads.")
    var threads: Int = Parallel.allProcessors.threads

    @Option(help: "Samples at once.")
    var batch: Int = 128

    @Option(help: "Counted repeats.")
    var repeats: Int = 5

    @Option(name: .customLong("mm"), help: "register: voxel size of the masks, mm.")
    var millimetres = 2.0

    @Option(help: "dense: distance between classified voxels, mm.")
    var stride = 4

    @Option(help: "Instruction set: v2, v3 or v4; the processor's best where none is given.")
    var isa: String?

    @Flag(name: .customLong("under-load"), help: "render: while a training uses every core.")
    var underLoad = false

    @Option(help: "render: size of the screen, COLSxROWS; 160x50 where pictures have pixels.")
    var size: String?

    @Option(help: "render: how pictures are drawn: cells, kitty or sixel.")
    var graphics = Graphics.cells

    @Option(help: "render: pixels of a cell, WIDTHxHEIGHT.")
    var cell = "9x18"

    @Option(help: "render: what pictures in characters are made of: half, quadrant or sextant.")
    var cells = Mosaic.half

    @Option(help: "render: colours of the terminal: 256 or 16777216.")
    var colors = 256

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (1...8).contains(millimetres) else { throw ValidationError("--mm is \(millimetres), expected 1 to 8") }
        guard [1, 2, 4, 8, 16].contains(stride) else { throw ValidationError("--stride is \(stride), expected 1, 2, 4, 8 or 16") }
        guard threads > 0, batch > 0, repeats > 0 else { throw ValidationError("threads, batch and repeats must be at least 1") }
        if let size, Size(size) == nil { throw ValidationError("--size \(size) is no size; expected for example 120x40") }
        if PixelSize(cell) == nil { throw ValidationError("--cell \(cell) is no size of a cell; expected for example 9x18") }
        guard ColourDepth(rawValue: colors)?.isRich == true else {
            throw ValidationError("--colors is \(colors), expected 256 or 16777216")
        }
    }

    func run() throws {
        if what == .render { return try render() }
        let setup = try Benchmark.Setup(threads: threads, batch: batch, repeats: repeats, isa: isa)
        var result: Benchmark.Result
        switch what {
        case .gemm: result = Benchmark.gemm(setup)
        case .conv: result = Benchmark.convolutions(setup)
        case .forward: result = Benchmark.forward(setup)
        case .train: result = try Benchmark.train(setup)
        case .augment: result = Benchmark.augment(setup)
        case .lungs: result = try Benchmark.lungs(setup)
        case .register: result = try Benchmark.register(setup, millimetres: millimetres)
        case .dense: result = try Benchmark.dense(setup, stride: stride)
        case .render: return
        }
        if what != .gemm { result = Benchmark.comparedWithGemm(result, setup) }
        if json {
            try JSONOutput.print(result)
            return
        }
        for layer in result.layers ?? [] {
            let back = layer.input_gradient_gflops.map { Output.number($0, 1) } ?? "-"
            Output.line(
                "\(layer.layer.padded(18)) \(layer.shape.padded(18)) forward \(Output.number(layer.forward_gflops, 1)), input gradient \(back), "
                    + "weight gradient \(Output.number(layer.weight_gradient_gflops, 1)) GFLOP/s")
        }
        var text = "\(result.what) (\(result.isa), \(result.threads) threads): median \(Output.number(result.median_s, 4)) s"
        text += ", least \(Output.number(result.min_s, 4)) s, noise \(Output.number(100 * result.noise, 0)) %"
        if let gflops = result.gflops { text += ", \(Output.number(gflops, 1)) GFLOP/s" }
        if let ratio = result.sgemm_ratio { text += ", \(Output.number(ratio, 2)) of sgemm" }
        if let rate = result.samples_per_s { text += ", \(Output.number(rate, 1)) \(what == .dense ? "voxels" : "samples")/s" }
        if let peak = result.peak_mb { text += ", peak \(Output.number(peak, 0)) MB" }
        Output.line(text)
    }

    private func render() throws {
        let size = size.flatMap { Size($0) } ?? (graphics == .cells ? Size(columns: 120, rows: 40) : Size(columns: 160, rows: 50))
        var benchmark = try RenderBenchmark(
            size: size, graphics: graphics, cell: PixelSize(cell) ?? .usualCell, mosaic: cells,
            depth: ColourDepth(rawValue: colors) ?? .palette
        )
        if underLoad {
            // As the interface does it.
            Parallel.yieldToInterface()
            // It ends with the process.
            let setup = try Benchmark.Setup(threads: threads, batch: batch, repeats: 100_000, isa: isa)
            Thread {
                Parallel.lowerThreadPriority()
                _ = try? Benchmark.train(setup)
            }.start()
            // Until it computes.
            sleep(10)
        }
        let repeats = graphics == .cells ? max(200, repeats) : max(100, repeats)
        let result = try benchmark.run(repeats: repeats, underLoad: underLoad, measuresGrowth: !underLoad && graphics == .cells)
        if json {
            try JSONOutput.print(result)
        } else {
            for kind in result.kinds {
                Output.line(
                    "\(kind.kind.padded(18)) \(kind.bytes) bytes (most \(kind.bytes_most)), render p99 \(Output.number(kind.render_p99_ms, 2)) ms, key to "
                        + "bytes p50 \(Output.number(kind.p50_ms, 2)), p99 \(Output.number(kind.p99_ms, 2)) ms")
            }
            Output.line(
                "all p50 \(Output.number(result.p50_ms, 2)), p99 \(Output.number(result.p99_ms, 2)) ms; heap \(result.growth_kb) kB over 10,000 frames"
            )
        }
        try Output.flush()
        // A training under way is not waited for.
        if underLoad { Foundation.exit(0) }
    }
}
