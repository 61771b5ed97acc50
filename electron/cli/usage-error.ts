import type { CommanderError } from "commander";
import { texts } from "../../common/text/cli.ts";

/** Translates the parser's message about a command line. A message of unknown form is left as it is. */
export function usageMessage({ code, message }: CommanderError): string {
  const [first = "", ...suggestion] = message.replace(/^error: /, "").split("\n");
  return [translated(code, first), ...suggestion.map(translatedSuggestion)].join("\n");
}

const { parserErrors } = texts.cli;

function translated(code: string, text: string): string {
  const [name = "", verb = ""] = [...text.matchAll(/'([^']*)'/g)].map((found) => found[1] ?? "");
  switch (code) {
    case "commander.unknownOption":
      return parserErrors.unknownOption(name);
    case "commander.unknownCommand":
      return parserErrors.unknownCommand(name);
    case "commander.missingArgument":
      return parserErrors.missingArgument(name);
    case "commander.optionMissingArgument":
      return parserErrors.optionMissingArgument(name);
    case "commander.excessArguments": {
      const [expected = 0, received = 0] = (/Expected (\d+) arguments? but got (\d+)/.exec(text) ?? [])
        .slice(1)
        .map(Number);
      return parserErrors.excessArguments(verb || name, expected, received);
    }
    default:
      return text;
  }
}

function translatedSuggestion(text: string): string {
  const [, several, names = ""] = /^\(Did you mean (one of )?(.*)\?\)$/.exec(text) ?? [];
  if (names === "") return text;
  return several ? parserErrors.didYouMeanOneOf(names) : parserErrors.didYouMean(names);
}
