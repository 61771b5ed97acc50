import { type Command, CommanderError, type Option } from "commander";
import { ctlTexts } from "../common/text/ctl.ts";
import { printable } from "./domain/limits/text.ts";

const { parser, parserErrors } = ctlTexts;

/** Commander's English messages and the functions that produce our texts for them. Unmatched messages are passed through. */
const forms: readonly [RegExp, (...found: string[]) => string][] = [
  [/^unknown option '(.*)'$/, parserErrors.unknownOption],
  [/^unknown command '(.*)'$/, parserErrors.unknownCommand],
  [/^missing required argument '(.*)'$/, parserErrors.missingArgument],
  [/^required option '(.*)' not specified$/, parserErrors.missingOption],
  [/^option '(.*)' argument missing$/, parserErrors.optionMissingArgument],
  [
    /^too many arguments(?: for '(.*)')?\. Expected (\d+) arguments? but got (\d+)\.$/,
    (verb = "", expected = "", received = "") => parserErrors.excessArguments(verb, expected, received),
  ],
  [/^\(Did you mean one of (.*)\?\)$/, parserErrors.didYouMeanOneOf],
  [/^\(Did you mean (.*)\?\)$/, parserErrors.didYouMean],
] as [RegExp, (...found: string[]) => string][];

/**
 * Translates a message of the argument parser (without "error: ") into the texts of the catalogue. It quotes arguments, so control
 * characters are replaced.
 */
export const usageWords = (said: string): string =>
  said
    .split("\n")
    .map((line) => printable(translated(line)))
    .join("\n");

function translated(line: string): string {
  for (const [form, words] of forms) {
    const found = form.exec(line);
    if (found) return words(...found.slice(1));
  }
  return line;
}

/** Commander's headings of the help output. */
const titles = new Map([
  ["Usage:", parser.usage],
  ["Arguments:", parser.arguments],
  ["Options:", parser.options],
  ["Commands:", parser.commands],
]);

function optionDescription({ description, defaultValue }: Option): string {
  if (defaultValue === undefined) return description;
  return `${description} (${parser.defaultValue(JSON.stringify(defaultValue))})`;
}

/** An error of the argument parser, with the command that it concerns. */
export class UsageError extends CommanderError {
  /** Names the command whose --help explains its arguments. */
  readonly advice: string;

  constructor({ exitCode, code, message }: CommanderError, advice: string) {
    super(exitCode, code, message);
    this.advice = advice;
  }
}

/** The command as it is typed: "sagctl instance lock". */
const typed = (command: Command): string =>
  command.parent ? `${typed(command.parent)} ${command.name()}` : command.name();

/**
 * Sets help and error texts of this command and its subcommands from the catalogue, and lets them throw a UsageError instead of
 * exiting.
 */
export function inOurWords(command: Command): void {
  const advice = parserErrors.seeHelp(typed(command));
  command.exitOverride((error) => {
    throw new UsageError(error, advice);
  });
  command.configureHelp({ styleTitle: (title) => titles.get(title) ?? title, optionDescription }).configureOutput({
    outputError: (said, write) =>
      write(`${parserErrors.error(usageWords(said.replace(/^error: /, "").trimEnd()))}\n${advice}\n`),
  });
  // The hidden command for completion scripts has no help option.
  if (
    command
      .createHelp()
      .visibleOptions(command)
      .some(({ long }) => long === "--help")
  ) {
    command.helpOption("-h, --help", parser.help);
  }
  if (command.commands.length > 0) command.helpCommand("help [command]", parser.help);
  for (const child of command.commands) inOurWords(child);
}
