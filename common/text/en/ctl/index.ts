import { actions, advice } from "./actions.ts";
import { confirm } from "./confirm.ts";
import { errors } from "./errors.ts";
import { common, help } from "./help.ts";
import { objects, operations, options } from "./operations.ts";
import { output } from "./output.ts";
import { parser, parserErrors } from "./parser.ts";
import { server } from "./server.ts";

/** All English of sagctl, and of sag-cloud's own command line. */
export const ctl = {
  actions,
  advice,
  common,
  confirm,
  errors,
  help,
  objects,
  operations,
  options,
  output,
  parser,
  parserErrors,
  server,
};
