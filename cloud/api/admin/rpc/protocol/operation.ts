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
  /** Host and port under which the client reached this server; "" = sagctl beside it. */
  host: string;
  /** Carries out another operation as part of this request; `tenant`: for that account, undefined = the caller's. */
  published(
    version: string,
    action: string,
    tenant: string | undefined,
    parameters: Record<string, string>,
  ): Promise<Answer>;
}

export type Answer = Record<string, unknown>;

/** Each has its sentence in the text files. */
export type OperationName = keyof typeof operationSummaries;

/** One operation: from this validation, documentation and the list of what is supported derive. */
export interface Operation {
  name: string;
  product: Product;
  group: string;
  access: Access;
  /** One sentence for the documentation. */
  summary: string;
  parameters: Parameters;
  /** The command that it is, as the audit calls it. */
  command?: string;
  /** What it is called in a refusal, where that depends on what is asked. */
  label?(parameters: ReadonlyMap<string, string>): string | undefined;
  run(call: Call, values: Record<string, unknown>): Promise<Answer>;
}

/** Codes that an operation has instead of a rule's usual one; clients recognise "it is gone already" by them. */
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

/** Makes the operations of one group; the values' types follow from the declared parameters. */
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

/** How one operation is a command under its published name and with its published shapes. No rule of its own. */
export interface Mapping<P extends Parameters, I, O> {
  command: Command<I, O>;
  /** Another command with the same input, where a value makes it that; access is that of `command`. */
  otherwise?(values: Values<P>): Command<I, O> | undefined;
  parameters: P;
  input(values: Values<P>): I;
  /** undefined = nothing is returned. */
  answer?(result: O, values: Values<P>, call: Pick<Call, "caller">): Answer;
  codes?: Codes;
}

/** Makes the operations of one group that are commands. */
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
