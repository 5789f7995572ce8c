import KernelInterface

extension NativeKernels {
    public func mix(_ terms: Floats, stride: Int, factors: Floats, terms count: Int, count elements: Int, output: MutableFloats) {
        vectorised(elements) { i in
            var sum = Lane.zero
            for k in 0..<count { sum.multiplyAdd(load(terms + k * stride + i), factors[k]) }
            store(sum, output + i)
        } remainder: { i in
            var sum: Float = 0
            for k in 0..<count { sum += terms[k * stride + i] * factors[k] }
            output[i] = sum
        }
    }

    public func addScaled(_ input: Floats, factor: Float, count: Int, to output: MutableFloats) {
        vectorised(count) { i in
            var sum = load(Floats(output + i))
            sum.multiplyAdd(load(input + i), factor)
            store(sum, output + i)
        } remainder: { i in
            output[i] += input[i] * factor
        }
    }

    public func dot(_ a: Floats, _ b: Floats, count: Int) -> Float {
        var total: Double = 0
        var start = 0
        // Pieces of 4,096 in single precision, their sums in double: the error does not grow with the length.
        while start < count {
            let end = min(count, start + 4096)
            var sum = SIMD16<Float>.zero
            var i = start
            while i + 16 <= end {
                sum.multiplyAdd(load16(a + i), load16(b + i))
                i += 16
            }
            total += Double(sum.orderedSum)
            while i < end {
                total += Double(a[i] * b[i])
                i += 1
            }
            start = end
        }
        return Float(total)
    }

    public func descend(
        parameters: MutableFloats, velocity: MutableFloats, gradient: Floats, count: Int, rate: Float, momentum: Float, decay: Float,
        first: Bool
    ) {
        let kept = first ? 0 : momentum
        vectorised(count) { i in
            let p = load(Floats(parameters + i))
            var v = load(gradient + i)
            v.multiplyAdd(p, decay)
            v.multiplyAdd(load(Floats(velocity + i)), kept)
            store(v, velocity + i)
            store(p - v * rate, parameters + i)
        } remainder: { i in
            let v = gradient[i] + decay * parameters[i] + kept * velocity[i]
            velocity[i] = v
            parameters[i] -= rate * v
        }
    }

    public func blend(key: MutableFloats, query: Floats, m: Float, count: Int) {
        vectorised(count) { i in
            var value = load(Floats(key + i)) * m
            value.multiplyAdd(load(query + i), 1 - m)
            store(value, key + i)
        } remainder: { i in
            key[i] = m * key[i] + (1 - m) * query[i]
        }
    }
}

/// Runs `body` for whole vectors and `remainder` for the rest.
@inline(__always)
private func vectorised(_ count: Int, _ body: (Int) -> Void, remainder: (Int) -> Void) {
    var i = 0
    while i + Lane.scalarCount <= count {
        body(i)
        i += Lane.scalarCount
    }
    while i < count {
        remainder(i)
        i += 1
    }
}

@inline(__always)
private func load(_ pointer: Floats) -> Lane { UnsafeRawPointer(pointer).loadUnaligned(as: Lane.self) }

@inline(__always)
private func load16(_ pointer: Floats) -> SIMD16<Float> { UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Float>.self) }

@inline(__always)
private func store(_ value: Lane, _ pointer: MutableFloats) { UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lane.self) }
