// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is written here is for shells to fill in.
import type { Command, Option } from "commander";

export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

/** One verb as completion needs it, taken from the command tree. */
interface Known {
  name: string;
  summary: string;
  options: { flags: string[]; takesValue: boolean; summary: string }[];
  /** Its first argument is the name of an intranet. */
  takesIntranet: boolean;
}

/** A completion script for the shell, generated from the commands. It runs `sag` for the names of intranets. */
export function completionScript(program: Command, shell: Shell): string {
  const verbs = program.commands.map(known);
  return { bash, zsh, fish, powershell }[shell](verbs);
}

const known = (command: Command): Known => ({
  name: command.name(),
  summary: command.description().split(/[;:]/)[0] ?? "",
  options: command.options.map((option: Option) => ({
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    takesValue: option.required || option.optional,
    summary: option.description.split(/[;:]/)[0] ?? "",
  })),
  takesIntranet: command.registeredArguments[0]?.name() === "intranet",
});

const flagsOf = ({ options }: Known): string[] => options.flatMap((option) => option.flags);
const valued = (verbs: Known[]): string[] => [
  ...new Set(verbs.flatMap(({ options }) => options.filter((one) => one.takesValue).flatMap((one) => one.flags))),
];
const isName = (flag: string): boolean => flag === "--intranet" || flag === "--default";

/** Quotes text so that the shell expands nothing in it. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Lists the names of intranets. The JSON is one line, and names contain no line breaks or quotes, so grep is enough.
 */
const listNames = `sag intranets --json 2>/dev/null | grep -o '"intranet":"[^"]*"' | cut -d'"' -f4`;

function bash(verbs: Known[]): string {
  return [
    "# sag completion bash > /etc/bash_completion.d/sag, or: source <(sag completion bash)",
    "_sag() {",
    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= index",
    "  COMPREPLY=()",
    "  for ((index = 1; index < COMP_CWORD; index++)); do",
    "    [[ ${COMP_WORDS[index]} != -* ]] && { verb=${COMP_WORDS[index]}; break; }",
    "  done",
    `  if [[ -z $verb ]]; then`,
    `    COMPREPLY=($(compgen -W ${quote(verbs.map((one) => one.name).join(" "))} -- "$word")); return`,
    "  fi",
    "  case $before in",
    `    --intranet|--default) COMPREPLY=($(compgen -W "$(${listNames})" -- "$word")); return ;;`,
    `    ${valued(verbs)
      .filter((flag) => !isName(flag))
      .join("|")}) COMPREPLY=($(compgen -f -- "$word")); return ;;`,
    "  esac",
    "  case $verb in",
    ...verbs.map((one) => {
      const names = one.takesIntranet ? `; [[ $word != -* ]] && words=$(${listNames})` : "";
      return `    ${one.name}) local words=${quote(flagsOf(one).join(" "))}${names} ;;`;
    }),
    "    *) return ;;",
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -o default -F _sag sag",
    "",
  ].join("\n");
}

function zsh(verbs: Known[]): string {
  const escaped = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
  return [
    "#compdef sag",
    "# sag completion zsh > a folder of $fpath, as _sag; or: source <(sag completion zsh)",
    "_sag_intranets() {",
    `  local -a names; names=(\${(f)"$(${listNames})"})`,
    "  compadd -a names",
    "}",
    "_sag() {",
    "  local -a verbs; verbs=(",
    ...verbs.map((one) => `    ${quote(`${one.name}:${escaped(one.summary)}`)}`),
    "  )",
    "  if (( CURRENT == 2 )); then _describe verb verbs; return; fi",
    "  local verb=${words[2]}",
    "  shift words; (( CURRENT-- ))",
    "  case $verb in",
    ...verbs.flatMap((one) => [
      `    ${one.name}) _arguments -S \\`,
      ...one.options.flatMap(({ flags, takesValue, summary }) =>
        flags.map((flag) => {
          const value = takesValue ? `:${isName(flag) ? "intranet:_sag_intranets" : "value:_default"}` : "";
          return `      ${quote(`${flag}[${escaped(summary)}]${value}`)} \\`;
        }),
      ),
      `      ${quote(one.takesIntranet ? "1:intranet:_sag_intranets" : "*::argument:_default")} ;;`,
    ]),
    "  esac",
    "}",
    // As a file in $fpath the script is the function itself; when sourced, it has to register the function.
    'if [ "$funcstack[1]" = _sag ]; then _sag "$@"; else compdef _sag sag; fi',
    "",
  ].join("\n");
}

function fish(verbs: Known[]): string {
  return [
    "# sag completion fish > ~/.config/fish/completions/sag.fish",
    `function __sag_intranets; ${listNames}; end`,
    "complete -c sag -f",
    ...verbs.flatMap((one) => {
      const seen = `-n ${quote(`__fish_seen_subcommand_from ${one.name}`)}`;
      return [
        `complete -c sag -n __fish_use_subcommand -a ${one.name} -d ${quote(one.summary)}`,
        ...(one.takesIntranet ? [`complete -c sag ${seen} -a '(__sag_intranets)'`] : []),
        ...one.options.flatMap(({ flags, takesValue, summary }) =>
          flags.map((flag) => {
            const value = takesValue ? (isName(flag) ? " -x -a '(__sag_intranets)'" : " -r") : "";
            return `complete -c sag ${seen} ${flag.startsWith("--") ? "-l" : "-s"} ${flag.replace(/^-+/, "")}${value} -d ${quote(summary)}`;
          }),
        ),
      ];
    }),
    "",
  ].join("\n");
}

function powershell(verbs: Known[]): string {
  const own = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return [
    "# sag completion powershell | Out-String | Invoke-Expression, in $PROFILE",
    "Register-ArgumentCompleter -Native -CommandName sag -ScriptBlock {",
    "  param($word, $ast, $position)",
    "  $verbs = [ordered]@{",
    ...verbs.map((one) => `    ${own(one.name)} = @(${flagsOf(one).map(own).join(", ")})`),
    "  }",
    "  $given = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })",
    "  $verb = $given | Where-Object { $verbs.Contains($_) } | Select-Object -First 1",
    "  $before = if ($word) { $given | Select-Object -SkipLast 1 | Select-Object -Last 1 } else { $given | Select-Object -Last 1 }",
    "  $words = if (@('--intranet', '--default') -contains $before) {",
    "    sag intranets --json | ConvertFrom-Json | ForEach-Object { $_.intranet }",
    "  } elseif ($verb -and $verb -ne $word) { $verbs[$verb] } else { $verbs.Keys }",
    '  $words | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }',
    "}",
    "",
  ].join("\n");
}
