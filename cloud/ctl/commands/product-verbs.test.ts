import { expect, test } from "vitest";
import { commands } from "../../admin/commands/index.ts";
import { referenceKind } from "../../admin/references.ts";
import { verbs } from "./product-verbs.ts";
import type { Verb } from "./verb.ts";

/** A sample text for a field with this parser. */
function sample(read: ((text: string, before: never) => unknown) | undefined): unknown {
  if (read === undefined) return "x";
  try {
    return read("1", undefined as never);
  } catch {
    return read("true", undefined as never);
  }
}

/** The input that a verb sends with all of its options, or with none. */
function sent(verb: Verb, withOptions: boolean): Record<string, unknown> {
  const [, , ...places] = verb.usage.split(" ");
  const named = places.map((place) => place.replace(/[<>]/g, ""));
  const options = withOptions ? Object.values(verb.options ?? {}) : [];
  const input = {
    ...verb.fixed,
    ...Object.fromEntries(named.map((name) => [name, sample(verb.places?.[name])])),
    ...Object.fromEntries(options.map(([name, read]) => [name, sample(read)])),
  };
  // These two exclude each other.
  if ("anyAccessPoint" in input) delete (input as { accessPoints?: unknown }).accessPoints;
  return verb.input?.(input) ?? input;
}

/** Wrong names and types of an input; values may be wrong. */
function misfits(verb: Verb, input: Record<string, unknown>): unknown[] {
  const [object, word] = verb.usage.split(" ");
  const command = commands.get(`${object} ${word}`);
  if (!command) return [`no command ${object} ${word}`];
  const read = command.input.safeParse(input) as { error?: { issues: { code: string; message: string }[] } };
  return (read.error?.issues ?? []).filter(({ code }) => code === "unrecognized_keys" || code === "invalid_type");
}

test.each(verbs.map((verb) => [verb.usage, verb] as const))("%s sends valid input for its command", (_usage, verb) => {
  expect(misfits(verb, sent(verb, true))).toEqual([]);
  if (!verb.required?.length) expect(misfits(verb, sent(verb, false))).toEqual([]);
});

test.each(verbs.map((verb) => [verb.usage, verb] as const))(
  "%s takes names of the objects that it acts on",
  (usage) => {
    const [object, word, ...places] = usage.split(" ");
    // These are not objects with a name: texts to create one with, keys, rules, regions, numbers.
    const others =
      /^<(areaA|areaB|bandwidth|ccnUid|cenUid|code|id|localRegion|months|name|oppositeRegion|user|value)>$/;
    const unresolved = places
      .filter((place) => !others.test(place))
      .filter((place) => referenceKind(`${object} ${word}`, place.replace(/[<>]/g, ""), {}) === undefined);
    expect(unresolved).toEqual([]);
  },
);
