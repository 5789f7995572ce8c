import Foundations

/// The workbench's names of the tensors in a release checkpoint: `encoder_q.…`, `encoder_k.…`, `queue`, `queue_ptr` for the `state_dict` (the
/// `module.` of data parallelism dropped), `velocity.…` for the optimiser's momentum of the query's parameters, the path for anything else.
package struct TorchNames {
    package static let module = "module."
    /// Suffixes of a module's buffers: they are in a `state_dict`, but no optimiser's parameters.
    private static let buffers = ["running_mean", "running_var", "num_batches_tracked", "queue", "queue_ptr"]

    /// Names of the parameters in the optimiser's order: those of the `state_dict`, in its order.
    private let parameters: [String]
    private var taken: Set<String> = []

    package init(_ root: TorchTree<TorchTensor>) {
        guard case .dictionary(let state)? = root["state_dict"] else {
            parameters = []
            return
        }
        parameters = state.items.map { Self.stripped($0.key.description) }.filter(Self.isParameter)
    }

    package static func isParameter(_ name: String) -> Bool { !buffers.contains { name == $0 || name.hasSuffix("." + $0) } }

    /// The name of the tensor that the keys lead to.
    /// - Throws: `Failure` where two tensors would have the same name.
    package mutating func name(_ path: [String]) throws -> String {
        let whole = path.isEmpty ? "tensor" : path.joined(separator: ".")
        for candidate in [preferred(path), whole] where !candidate.isEmpty && candidate != "__metadata__" {
            if taken.insert(candidate).inserted { return candidate }
        }
        throw Failure("the checkpoint has two tensors that would both be called \"\(whole)\"")
    }

    private func preferred(_ path: [String]) -> String {
        if path.count == 1 || path.count == 2 && path[0] == "state_dict" { return Self.stripped(path[path.count - 1]) }
        if path.count == 4, path[0] == "optimizer", path[1] == "state", path[3] == "momentum_buffer", let index = Int(path[2]),
            parameters.indices.contains(index), parameters[index].hasPrefix("encoder_q.")
        {
            return "velocity." + parameters[index].dropFirst("encoder_q.".count)
        }
        return path.joined(separator: ".")
    }

    private static func stripped(_ name: String) -> String { name.hasPrefix(module) ? String(name.dropFirst(module.count)) : name }
}
