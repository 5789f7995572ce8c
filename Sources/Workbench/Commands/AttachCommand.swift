import ArgumentParser

/// `workbench attach SESSION`.
struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Watch and steer a session that another process computes; any number may attach at once.")

    @OptionGroup var viewer: ViewerOptions

    func run() throws { try viewer.run() }
}
