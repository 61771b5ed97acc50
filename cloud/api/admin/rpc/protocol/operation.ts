import { groups } from "../../../../../common/text/en/admin/manual.ts";
import { operationSummaries } from "../../../../../common/text/en/admin/operations/index.ts";
import type { Access, Command } from "../../../../admin/command.ts";
import { type Runner, run } from "../../../../admin/run.ts";
import type { RuleName } from "../../../../domain/rules/table.ts";
import { RuleBroken } from "../../../../domain/rules.ts";
import { ApiFailure } from "./failure.ts";
import type { Parameters, Values } from "./parameters.ts";

export const productVersions = { smartag: "2018-03-13", cbn: "2017-09-12", sag: "2026-11-01" } as const;
export type Product = keyof typeof productVersions;

export interface Call extends Runner {
  requestId: string;
  /** Host and port that the client used to reach this server; "" = sagctl on the same host. */
  host: string;
  /** Runs another operation as part of this request. `tenant` is the product account; undefined = the caller's. */
  published(
    version: string,
    action: string,
    tenant: string | undefined,
    parameters: Record<string, string>,
  ): Promise<Answer>;
}

export type Answer = Record<string, unknown>;

/** Operations have their summaries in the text catalogue. */
export type OperationName = keyof typeof operationSummaries;

/** One operation of the admin API. Validation, documentation and the list of supported operations are derived from it. */
export interface Operation {
  name: string;
  product: Product;
  group: string;
  access: Access;
  /** One sentence for the documentation. */
  summary: string;
  parameters: Parameters;
  /** Name of its command, as in the audit. */
  command?: string;
  /** Name for refusals and the audit, if it depends on the parameters. */
  label?(parameters: ReadonlyMap<string, string>): string | undefined;
  run(call: Call, values: Record<string, unknown>): Promise<Answer>;
}

/**
 * Error codes that an operation returns instead of a rule's usual one. Clients use them to detect that an object is already deleted.
 */
export type Codes = Partial<Record<RuleName, string>>;

async function withCodes<T>(codes: Codes | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof RuleBroken ? codes?.[error.rule] : undefined;
    throw code === undefined ? error : new ApiFailure(code, (error as RuleBroken).said, "", (error as RuleBroken).code);
  }
}

export interface Declaration<P extends Parameters> {
  access: Access;
  parameters: P;
  codes?: Codes;
  label?(parameters: ReadonlyMap<string, string>): string | undefined;
  run(call: Call, values: Values<P>): Promise<Answer>;
}

/** Declares operations of one group. The types of the values are inferred from the declared parameters. */
export function group(product: Product, title: keyof typeof groups) {
  return <P extends Parameters>(name: OperationName, declaration: Declaration<P>): Operation => ({
    name,
    product,
    group: groups[title],
    summary: operationSummaries[name],
    ...declaration,
    run: (call, values) => withCodes(declaration.codes, () => declaration.run(call, values as Values<P>)),
  });
}

/** Maps a published operation to a command: its name, its parameters and its answer. It adds no rules. */
export interface Mapping<P extends Parameters, I, O> {
  command: Command<I, O>;
  /** Another command with the same input and access, chosen by the values; undefined = `command`. */
  otherwise?(values: Values<P>): Command<I, O> | undefined;
  parameters: P;
  input(values: Values<P>): I;
  /** undefined = the answer is empty. */
  answer?(result: O, values: Values<P>, call: Pick<Call, "caller">): Answer;
  codes?: Codes;
}

/** Declares operations of one group that map to commands. */
export function mapping(product: Product, title: keyof typeof groups) {
  return <P extends Parameters, I, O>(name: OperationName, mapped: Mapping<P, I, O>): Operation => ({
    name,
    product,
    group: groups[title],
    access: mapped.command.access,
    command: mapped.command.name,
    summary: operationSummaries[name],
    parameters: mapped.parameters,
    async run(call, given) {
      const values = given as Values<P>;
      return withCodes(mapped.codes, async () => {
        const result = await run(call, mapped.otherwise?.(values) ?? mapped.command, mapped.input(values));
        return mapped.answer?.(result, values, call) ?? {};
      });
    },
  });
}
