import { expect, it } from "vitest";
import { describeCommands } from "./commands.ts";

/** What people see is changed on purpose only: run Vitest with -u to accept. */
it("--help of sag and of every verb", async () => {
  const program = describeCommands(() => async () => undefined).configureHelp({ helpWidth: 110 });
  const texts = [program, ...program.commands].map((command) =>
    command.configureHelp({ helpWidth: 110 }).helpInformation(),
  );
  await expect(texts.join("\n---\n\n")).toMatchFileSnapshot("help.golden.txt");
});
