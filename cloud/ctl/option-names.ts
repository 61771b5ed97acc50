import type { Command } from "commander";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import type { Verb } from "./commands/verb.ts";

/** Names of a command's input, such as "rule.destPorts", and what sets them: "--dest-ports", or "qos" for an argument. */
export type InputNames = ReadonlyMap<string, string>;

const inputNames = new WeakMap<Command, InputNames>();

/** Not needed for inputs that have the name of their option. */
export const setInputNames = (command: Command, names: InputNames): void => void inputNames.set(command, names);

/** "--dest-ports <range>" → "--dest-ports" */
const longOf = (flags: string): string => flags.split(" ")[0] ?? "";

/** Sends a mark through the verb for each of its options and arguments, and looks where in the input it arrives. */
export function namesOf(verb: Verb): InputNames {
  const [, , ...places] = verb.usage.split(" ").map((place) => place.replace(/[<>]/g, ""));
  const marks = new Map<symbol, string>();
  const mark = (shown: string): symbol => {
    const one = Symbol(shown);
    marks.set(one, shown);
    return one;
  };
  const fields = Object.fromEntries([
    ...places.map((place) => [place, mark(kebab(place).replaceAll("-", " "))] as const),
    ...Object.entries(verb.options ?? {}).map(([flags, [field]]) => [field, mark(longOf(flags))] as const),
  ]);
  const found = new Map<string, string>();
  for (const [field, one] of Object.entries(fields)) {
    // Fields can exclude each other, so each is sent alone, with all arguments.
    const sent = { ...Object.fromEntries(places.map((place) => [place, fields[place]])), ...verb.fixed, [field]: one };
    for (const [path, value] of leaves(verb.input?.(sent) ?? sent)) {
      const shown = typeof value === "symbol" ? marks.get(value) : undefined;
      if (shown !== undefined) found.set(path, shown);
    }
  }
  return found;
}

function* leaves(value: unknown, path: readonly string[] = []): Generator<[string, unknown]> {
  if (typeof value !== "object" || value === null) yield [path.join("."), value];
  else for (const [name, inner] of Object.entries(value)) yield* leaves(inner, [...path, name]);
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** "domains.0" → "domains" */
const wholeOf = (field: string): string => field.replace(/\.\d+$/, "");
const lastOf = (path: string): string => path.split(".").at(-1) ?? "";

/** The option or argument that sets a field of the input; undefined if none does. Elements of a list have the list's option. */
function nameOf(command: Command, field: string): string | undefined {
  const known = inputNames.get(command);
  const path = wholeOf(field);
  const option = `--${kebab(lastOf(path))}`;
  // An option that may be repeated is in the singular: "domains" is set by --domain.
  const names = [option, option.replace(/s$/, "")];
  return known?.get(path) ?? command.options.find(({ long }) => names.includes(long ?? ""))?.long ?? undefined;
}

/** The refusal with the option or argument that was typed instead of the field of the command's input. */
export function inTypedNames(refusal: Refusal, command: Command | undefined): Refusal {
  const { code, said, details } = refusal;
  if (!command || said.key === "admin.api_refused") return refusal;
  // The path of the whole input; a parameter of the message can be relative to a part of it.
  const field = details.field ?? "";
  const name = nameOf(command, field);
  if (said.key.startsWith("admin.input_") && "field" in said.params) {
    const shown = name ?? kebab(lastOf(wholeOf(field))).replaceAll("-", " ");
    return new Refusal(code, { ...said, params: { ...said.params, field: shown } }, details);
  }
  if (!name?.startsWith("--") || said.text.includes(name)) return refusal;
  return new Refusal(code, say("option_refused", { option: name, message: said }), details);
}
