/** Headings and lines of the argument parser's own help. */
export const parser = {
  usage: "Usage:",
  arguments: "Arguments:",
  options: "Options:",
  commands: "Commands:",
  help: "display help for command",
  version: "print the version",
  defaultValue: (value: string) => `default: ${value}`,
};

/** Messages of the argument parser about an invalid command line. */
export const parserErrors = {
  error: (said: string) => `error: ${said}`,
  unknownOption: (option: string) => `unknown option '${option}'`,
  unknownCommand: (command: string) => `unknown command '${command}'`,
  missingArgument: (argument: string) => `missing required argument '${argument}'`,
  missingOption: (option: string) => `required option '${option}' not specified`,
  optionMissingArgument: (option: string) => `option '${option}' argument missing`,
  excessArguments: (verb: string, expected: string, received: string) =>
    `too many arguments${verb && ` for '${verb}'`}. Expected ${expected} argument${expected === "1" ? "" : "s"} but got ${received}.`,
  seeHelp: (command: string) => `See ${command} --help.`,
  didYouMean: (names: string) => `(Did you mean ${names}?)`,
  didYouMeanOneOf: (names: string) => `(Did you mean one of ${names}?)`,
  noCompletion: (shell: string) => `there is no completion for ${shell}: choose bash, zsh or fish`,
};
