// Makes the man page of the program from what its argument parser says of itself.
// usage: workbench --experimental-dump-help | manual VERSION DATE > workbench.1
import Foundation

/// What `--experimental-dump-help` prints, as far as a man page needs it.
struct Help: Decodable {
    var command: Command
}

struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var arguments: [Argument]?
    var subcommands: [Command]?
    var shouldDisplay: Bool
}

struct Argument: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String
    }

    var kind: String
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
    var names: [Name]?
    var valueName: String?
    var defaultValue: String?
    var allValues: [String]?
    var abstract: String?

    /// `-h, --help`, `--out <out>` or `<session>`, in bold and italics.
    var heading: String {
        let value = "\\fI<\(escaped(valueName ?? "value"))>\\fR"
        if kind == "positional" { return value + (isRepeating ? " ..." : "") }
        let words = (names ?? []).map { "\\fB\(escaped(($0.kind == "long" ? "--" : "-") + $0.name))\\fR" }
        return words.joined(separator: ", ") + (kind == "flag" ? "" : " \(value)")
    }

    /// As in a line of usage: in brackets where it may be left out.
    var usage: String {
        let name = kind == "positional" ? heading : heading.split(separator: ", ").last.map(String.init) ?? heading
        let word = name + (isRepeating && kind != "positional" ? " ..." : "")
        return isOptional ? "[\(word)]" : word
    }

    /// What it is, with its values and its default.
    var text: String {
        var notes: [String] = []
        if let values = allValues, !values.isEmpty { notes.append("values: \(values.joined(separator: ", "))") }
        if let value = defaultValue { notes.append("default: \(value)") }
        return (abstract ?? "") + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    /// Every command has it.
    var isCommon: Bool { (names ?? []).contains { ["help", "version"].contains($0.name) } }
}

/// Text as roff takes it.
func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
        .replacingOccurrences(of: "`", with: "\\(ga").replacingOccurrences(of: "'", with: "\\(aq")
}

/// Lines of text; a leading point is no request, and what is indented keeps its lines.
func paragraphs(_ text: String) -> [String] {
    text.components(separatedBy: "\n").flatMap { line -> [String] in
        let words = line.trimmingCharacters(in: .whitespaces)
        if words.isEmpty { return [".PP"] }
        let safe = (words.hasPrefix(".") ? "\\&" : "") + escaped(words)
        return line.hasPrefix(" ") ? [".br", "\\ \\ " + safe] : [safe]
    }
}

func section(_ title: String, _ lines: [String]) -> [String] { [".SH \(title)"] + lines }

func entry(_ heading: String, _ text: String) -> [String] { [".TP", heading] + paragraphs(text) }

func describe(_ command: Command) -> [String] {
    let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !$0.isCommon }
    var lines = [".SS \(escaped(command.commandName))"]
    lines += paragraphs(command.abstract ?? "")
    lines += [".PP", "\\fBworkbench \(escaped(command.commandName))\\fR " + arguments.map(\.usage).joined(separator: " ")]
    if let discussion = command.discussion { lines += [".PP"] + paragraphs(discussion) }
    for argument in arguments { lines += entry(argument.heading, argument.text) }
    return lines
}

let words = CommandLine.arguments
guard words.count == 3, let help = try? JSONDecoder().decode(Help.self, from: FileHandle.standardInput.readDataToEndOfFile()) else {
    FileHandle.standardError.write(Data("usage: workbench --experimental-dump-help | manual VERSION DATE > workbench.1\n".utf8))
    exit(2)
}
let root = help.command
let commands = (root.subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }

var page = [".TH WORKBENCH 1 \"\(words[2])\" \"workbench \(words[1])\" \"User Commands\""]
page += section("NAME", ["workbench \\- \(escaped(root.abstract ?? ""))"])
page += section("SYNOPSIS", ["\\fBworkbench\\fR [\\fIcommand\\fR [\\fIarguments\\fR]]"])
page += section(
    "DESCRIPTION",
    [
        "Without a command the program opens its interface on the list of sessions. A session is a folder: what a run does is appended to its",
        "journal, and every view of it is read from there. Everything that the interface does can also be done by a command.", ".PP",
        "Results go to standard output, progress and messages to standard error. For research use only; not a medical device.",
    ])
page += section("COMMANDS", commands.flatMap(describe))
page += section(
    "OPTIONS OF EVERY COMMAND",
    entry("\\fB\\-h\\fR, \\fB\\-\\-help\\fR", "Show help information.") + entry("\\fB\\-\\-version\\fR", "Show the version."))
page += section(
    "EXIT STATUS",
    entry("0", "Done.") + entry("1", "Refused or failed; one sentence on standard error says why.") + entry("2", "Wrong usage.")
        + entry("130", "Interrupted, with the work saved."))
page += section(
    "ENVIRONMENT",
    entry("NO_COLOR", "Where it is not empty, the interface uses no colours.")
        + entry("TERM, LC_ALL, LC_CTYPE, LANG", "The terminal, and whether it takes Unicode.")
        + entry("WORKBENCH_COHORT", "The prepared cohort that sessions are opened with.")
        + entry("WORKBENCH_ISA", "v2, v3 or v4: the instruction set of the kernels, where the processor has it.")
        + entry("WORKBENCH_SESSION, WORKBENCH_OUTCOME, WORKBENCH_MESSAGE", "Given to the command of --notify when a run ends."))
page += section(
    "FILES",
    entry("sessions/<name>/", "A session. docs/formats.md of the sources has all of its files with their fields and bytes.")
        + entry("session.json, journal.jsonl, control.jsonl", "In it: what was asked, what happened, and what was steered.")
        + entry("checkpoints/, classifiers/, masks/", "In it: training states, classifiers, and masks with what made them."))
print(page.joined(separator: "\n"))
