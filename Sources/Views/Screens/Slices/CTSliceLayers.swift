import Cohorts
import Foundations
import Masks
import TerminalKit

/// A CT slice as pixels: the scan, what lies over it, notes in lines and letters, and the cross-hair, each a layer of its own, so that only what
/// changed is sent to the terminal.
extension CTSlicePicture {
    /// - Parameters:
    ///   - frame: where the slice lies.
    ///   - notes: boxes and whatever else is drawn in lines.
    package func layers(_ frame: SliceFrame, notes: SliceNotes) -> [Picture.Layer] {
        let projection = frame.projection
        let drawn = frame.drawn
        let slice = "\(subject.address) \(subject.axes.position(cursor, projection.plane.normal)) \(projection.identity)"
        let look = "\(window.lowerHounsfield) \(window.upperHounsfield) \(inverted) \(reading.interpolation) \(reading.slab)"
        let copy = self
        var layers = [frame.layer("scan", "\(slice) \(look)") { copy.scan(drawn) }]
        layers.append(frame.layer("masks", "\(slice) \(overlayIdentity)") { copy.marks(drawn) })
        return layers + notes.layers(self, frame) + (crosshair ? SliceNotes.crosshair(self, frame) : [])
    }

    private var overlayIdentity: String {
        let known = partial.map { "\($0.subject) \($0.fraction) \($0.model)" } ?? ""
        let shown = EmphysemaSubtype.allCases.filter(shows.contains).map(\.rawValue)
        return "\(shown) \(opacity) \(kind) \(threshold.step) \(reading.style) \(known)"
    }

    /// The window's greys.
    func scan(_ projection: SliceProjection) -> Raster {
        let values = SliceResampler(projection, through: cursor, reading.interpolation, reading.slab)
            .values(subject.volumes.ct.voxels, outside: inverted ? .infinity : -.infinity)
        return Self.raster(values, projection, window, inverted: inverted)
    }

    static func raster(_ values: [Float], _ projection: SliceProjection, _ window: DisplayWindow, inverted: Bool) -> Raster {
        var grey = [UInt8](repeating: 0, count: values.count)
        let (low, scale) = (Float(window.lowerHounsfield), 255 / Float(window.width))
        let flip: UInt8 = inverted ? 255 : 0
        values.withUnsafeBufferPointer { values in
            grey.withUnsafeMutableBufferPointer { grey in
                for index in values.indices { grey[index] = UInt8(max(0, min(255, (values[index] - low) * scale))) ^ flip }
            }
        }
        return Raster(width: projection.columns, height: projection.rows, grey: grey)
    }

    /// Masks, probabilities, and lung that is not predicted yet.
    func marks(_ projection: SliceProjection) -> Raster {
        let sampling = SliceSampling(projection, through: cursor)
        let overlay = overlay(sampling, projection.plane)
        let (width, height) = (projection.columns, projection.rows)
        var pixels = [UInt32](repeating: 0, count: width * height)
        if !overlay.highest.isEmpty {
            drawProbability(overlay.highest, &pixels)
        } else if reading.style == .contours {
            drawContours(projection, &pixels)
        } else {
            drawMasks(overlay.marks, width, height, &pixels)
        }
        for index in pixels.indices where overlay.marks[index] & Overlay.unknown != 0 {
            let isDot = (index % width + 2 * (index / width)) % 8 < 2 && index / width % 4 < 2
            pixels[index] = Self.unknown.withOpacity(isDot ? 0.7 : 0.2)
        }
        return Raster(width: width, height: height, colour: pixels)
    }

    private func drawProbability(_ highest: [Float], _ pixels: inout [UInt32]) {
        let table = (0..<64).map { ColourMap.viridis((Double($0) + 0.5) / 64).withOpacity(opacity) }
        for index in pixels.indices where highest[index] >= Self.faintest { pixels[index] = table[min(63, Int(highest[index] * 64))] }
    }

    /// Hatch: centrilobular leans like `/`, paraseptal like `\`; an outline about each, that of paraseptal dashed.
    private func drawMasks(_ marks: [UInt8], _ width: Int, _ height: Int, _ pixels: inout [UInt32]) {
        let thickness = width >= 400 ? 2 : 1
        let colours = [Colour(grey: 0), Self.centrilobular, Self.paraseptal, Self.overlap]
        let fill = colours.map { $0.withOpacity(reading.style == .fill ? opacity * 0.7 : opacity * 0.3) }
        let hatch = colours.map { $0.withOpacity(min(1, opacity + 0.1)) }
        let edge = colours.map { $0.withOpacity(min(1, opacity + 0.35)) }
        let (fills, hatches) = (reading.style != .outline, reading.style == .hatch)
        marks.withUnsafeBufferPointer { marks in
            pixels.withUnsafeMutableBufferPointer { pixels in
                for y in 0..<height {
                    for x in 0..<width {
                        let place = y * width + x
                        let own = marks[place] & Overlay.emphysema
                        guard own != 0 else { continue }
                        var isEdge = false
                        for step in 1...thickness where !isEdge {
                            // What goes on beyond the picture has no edge there.
                            isEdge =
                                (x >= step && marks[place - step] & Overlay.emphysema != own)
                                || (x + step < width && marks[place + step] & Overlay.emphysema != own)
                                || (y >= step && marks[place - step * width] & Overlay.emphysema != own)
                                || (y + step < height && marks[place + step * width] & Overlay.emphysema != own)
                        }
                        // Told apart without colours, too.
                        if isEdge, own != Overlay.paraseptal || (x + y) % 8 < 5 {
                            pixels[place] = edge[Int(own)]
                            continue
                        }
                        let rising = (x + y) % 8 < 2
                        let falling = ((x - y) % 8 + 8) % 8 < 2
                        let onHatch =
                            hatches && ((own & Overlay.centrilobular != 0 && rising) || (own & Overlay.paraseptal != 0 && falling))
                        if onHatch { pixels[place] = hatch[Int(own)] } else if fills { pixels[place] = fill[Int(own)] }
                    }
                }
            }
        }
    }

    /// Where the probability passes 0.25, 0.50 and 0.75; where there is none, the mask's outline.
    private func drawContours(_ projection: SliceProjection, _ pixels: inout [UInt32]) {
        let (width, height) = (projection.columns, projection.rows)
        for subtype in EmphysemaSubtype.allCases where shows.contains(subtype) {
            let volumes = subject.volumes[subtype]
            let resampler = SliceResampler(projection, through: cursor, .linear, SlabView())
            let values: [Float]
            if let probability = volumes.probability {
                values = resampler.values(probability.voxels, outside: 0)
            } else if let mask = volumes.mask {
                values = resampler.values(mask.voxels, outside: 0).map { min($0, 1) * 0.6 }
            } else {
                continue
            }
            let colour = subtype == .centrilobular ? Self.centrilobular : Self.paraseptal
            let lines = [0.45, 0.8, 1].map { colour.withOpacity(Float($0)) }
            func level(_ value: Float) -> Int { value >= 0.75 ? 3 : value >= 0.5 ? 2 : value >= 0.25 ? 1 : 0 }
            for y in 0..<height {
                for x in 0..<width {
                    let place = y * width + x
                    let own = level(values[place])
                    let other = max(x > 0 ? level(values[place - 1]) : own, y > 0 ? level(values[place - width]) : own)
                    let least = min(x > 0 ? level(values[place - 1]) : own, y > 0 ? level(values[place - width]) : own)
                    guard own != other || own != least else { continue }
                    pixels[place] = lines[max(own, other) - 1]
                }
            }
        }
    }
}

extension LoadedSubject {
    /// Which one it is, as long as it is held.
    var address: UInt { UInt(bitPattern: ObjectIdentifier(self).hashValue) }
}
