extension Parallel {
    /// An array of `count` elements, written in `pieces` calls on several threads.
    ///
    /// `fill` gets its piece's number and the whole uninitialised buffer; together the calls must write every element, each exactly one call,
    /// and none may read what another writes.
    package func makeArray<Element: BitwiseCopyable>(
        count: Int, pieces: Int, _ fill: (_ piece: Int, _ elements: UnsafeMutableBufferPointer<Element>) -> Void
    ) -> [Element] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialised in
            // Pieces write disjoint elements, and forEach returns after the last.
            nonisolated(unsafe) let elements = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            forEach(pieces) { fill($0, elements) }
            initialised = count
        }
    }
}
