import { ZodError, z } from "zod";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { required, text } from "./common.ts";

const operation = group("sag", "operating");

export const remoteOperations: Operation[] = [
  operation("RunCommand", {
    access: "operate",
    summary: "What sagctl asks beside the server, for sagctl from afar: a command and its parameters as JSON.",
    parameters: { Command: required(text({ max: 64 })), Parameters: required(text({ max: 200_000 })) },
    async run(call, v) {
      let parameters: unknown;
      try {
        parameters = JSON.parse(v.Parameters);
      } catch {
        throw new ApiFailure("InvalidParameters", "Parameters must be JSON.");
      }
      try {
        return { Result: await call.command(v.Command, parameters) };
      } catch (error) {
        if (error instanceof ZodError) throw new ApiFailure("InvalidParameters", z.prettifyError(error));
        throw error;
      }
    },
  }),
];
