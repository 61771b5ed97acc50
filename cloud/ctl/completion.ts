import { Command } from "commander";
import { ctlTexts } from "../../common/text/ctl.ts";
import { printResult } from "../results.ts";

const { help, parserErrors } = ctlTexts;

export const completionShells = ["bash", "zsh", "fish"] as const;
export type CompletionShell = (typeof completionShells)[number];

/** The hidden verb that completion scripts call. Its arguments are the words typed so far, including the unfinished last one. */
export const completeVerb = "complete-words";

const scripts: Record<CompletionShell, string> = {
  bash: `# source <(sagctl completion bash)
_sagctl() {
  local IFS=$'\\n'
  COMPREPLY=($(sagctl ${completeVerb} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sagctl sagctl
`,
  zsh: `#compdef sagctl
# sagctl completion zsh > a folder of $fpath, as _sagctl; or: source <(sagctl completion zsh)
_sagctl() {
  local -a found; found=(\${(f)"$(sagctl ${completeVerb} "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = _sagctl ]; then _sagctl "$@"; else compdef _sagctl sagctl; fi
`,
  fish: `# sagctl completion fish > ~/.config/fish/completions/sagctl.fish
complete -c sagctl -a '(sagctl ${completeVerb} (commandline -opc)[2..] (commandline -ct))'
`,
};

/** Completion script of a shell. It calls `sagctl` for the candidates, so that it need not be regenerated for new versions. */
export const completionScript = (shell: CompletionShell): string => scripts[shell];

const optionOf = (command: Command, flag: string) =>
  command.options.find((option) => option.long === flag || option.short === flag);

/** Candidates for the last word; none where a value or a file name is expected. */
export function candidates(program: Command, typed: readonly string[]): string[] {
  let command = program;
  let awaitsValue = false;
  for (const word of typed.slice(0, -1)) {
    if (awaitsValue) awaitsValue = false;
    else if (word.startsWith("-")) {
      const option = optionOf(command, word);
      awaitsValue = option !== undefined && (option.required || option.optional);
    } else command = command.commands.find((child) => child.name() === word) ?? command;
  }
  if (awaitsValue) return [];
  const unfinished = typed.at(-1) ?? "";
  const words = unfinished.startsWith("-")
    ? command.options.flatMap((option) => option.long ?? [])
    : command
        .createHelp()
        .visibleCommands(command)
        .map((child) => child.name());
  return words.filter((word) => word.startsWith(unfinished));
}

/** Adds `completion SHELL` and the hidden verb that its scripts call. */
export function completionVerbs(program: Command): void {
  program
    .command("completion")
    .description(help.completion)
    .argument("<shell>")
    .action((shell: string) => {
      const known = completionShells.find((one) => one === shell);
      if (!known) program.error(`error: ${parserErrors.noCompletion(shell)}`);
      else printResult(completionScript(known));
    });
  const complete = new Command(completeVerb)
    .argument("[words...]")
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action((words: string[]) => {
      printResult(
        candidates(program, words)
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
  program.addCommand(complete, { hidden: true });
}
