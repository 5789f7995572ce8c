import Foundations

/// While the cross-hair moves within a plane, the plane across it would show another slice with every step. It waits until the cross-hair
/// rests, so that each step costs only the few cells of the cross-hair itself.
package struct DeferredSlice: Equatable, Sendable {
    package var axis: AnatomicalAxis
    package var position: Int
}

extension WorkbenchState {
    /// Seconds without a key after which held slices follow.
    package static let restSeconds = 0.12

    /// The cursor whose slice a plane shows.
    package func cursor(_ cursor: VoxelIndex, shownIn plane: SlicePlane, _ axes: AnatomicalAxes) -> VoxelIndex {
        guard let held, held.axis == plane.normal, held.position < axes.count(held.axis) else { return cursor }
        return axes.moving(cursor, held.axis, to: held.position)
    }

    /// Forgets what is held, unless an event moves the cross-hair on along the same axis.
    mutating func release(before event: WorkbenchEvent) {
        switch event {
        case .key(let key):
            if let command = command(for: key), Self.cursorMoves.contains(command) { return }
            held = nil
        case .command(let command): if !Self.cursorMoves.contains(command) { held = nil }
        case .mouse, .cineStep, .sessionOpened, .subjectLoaded, .cohortSubjectLoaded, .settled: held = nil
        default: break
        }
    }

    private static let cursorMoves: Set<CommandID> = [
        .cursorLeft, .cursorRight, .cursorUp, .cursorDown, .farLeft, .farRight, .farUp, .farDown,
    ]
}
