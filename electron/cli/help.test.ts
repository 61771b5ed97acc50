import { expect, it } from "vitest";
import { describeCommands } from "./commands.ts";

it("every verb and option has a description", () => {
  const program = describeCommands(() => async () => undefined);
  const lacking = [program, ...program.commands].flatMap((command) => [
    ...(command.description() ? [] : [command.name()]),
    ...command.options.filter((one) => !one.description).map((one) => `${command.name()} ${one.flags}`),
  ]);
  expect(lacking).toEqual([]);
});

/** Fails on any change of the help, so that changes are made on purpose; run Vitest with -u to accept one. */
it("--help of sag and every verb", async () => {
  const program = describeCommands(() => async () => undefined);
  const texts = [program, ...program.commands].map((command) => {
    let text = "";
    const writeOut = (more: string): void => {
      text += more;
    };
    command.configureHelp({ helpWidth: 110 }).configureOutput({ writeOut }).outputHelp();
    return text;
  });
  await expect(texts.join("\n---\n\n")).toMatchFileSnapshot("help.golden.txt");
});
