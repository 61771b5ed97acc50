import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { command } from "../harness/command.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** Behaviour that systemd user units and scripts rely on. */
const company = givenCompany();

it("connect --foreground keeps running, reconnects after a crash, and disconnects on SIGTERM", async () => {
  const person = company.person();
  await person.signIn(company.link, userName, company.password);
  const child = spawn(at("bin/sag"), ["connect", "--foreground", "--json"], {
    env: person.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = once(child, "exit");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { phase, pid } = JSON.parse(line);
  expect(phase).toBe("connected");
  process.kill(pid, "SIGKILL");
  await until("another tunnel", async () => {
    const now = await person.status();
    return now.phase === "connected" && now.pid !== pid;
  });
  child.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  expect((await person.status()).phase).toBe("disconnected");
});

it("connect --foreground ends when another command disconnects", async () => {
  const person = company.person();
  await person.signIn(company.link, userName, company.password);
  const child = spawn(at("bin/sag"), ["connect", "--foreground", "--json"], {
    env: person.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = once(child, "exit");
  await once(createInterface({ input: child.stdout }), "line");
  await person.disconnect();
  expect(await exit).toEqual([0, null]);
});

it("a password file may begin with a byte order mark and end with a blank", async () => {
  const person = company.person();
  const stdin = `\ufeff${company.password} \r\n`;
  await person.json(["sign-in", company.link, "--user", userName, "--password-stdin", "--store", "file"], { stdin });
  const file = `\ufeffanother-${company.password} \r\n`;
  await company.site.sagctl(["account", "create", "bom.user", "--mail", "bom@x.example", "--password-stdin"], file);
  const other = company.person();
  await other.signIn(company.link, "bom.user", `another-${company.password}`);
});

it("a misspelt name of an intranet is reported", async () => {
  const person = company.person();
  expect(await person.failure(["connect", "contosso"])).toMatchObject({ cause: "unknown_intranet", code: 70 });
});

it("a result that could not be written is a failure; a closed pipe is not", async () => {
  const person = company.person();
  const shell = (text: string) => command(["sh", "-c", text], { env: person.env });
  for (const verb of ["status --json", "version", "completion bash"]) {
    const done = await shell(`sag ${verb} > /dev/full`);
    expect({ verb, code: done.code }).toEqual({ verb, code: 56 });
    expect(done.stderr).toBe(
      "sag: The result could not be written: the disk is full.\n     Free some space and try again.\n",
    );
    const closed = await shell(`sag ${verb} >&-`);
    expect({ verb, code: closed.code }).toEqual({ verb, code: 56 });
    expect(closed.stderr).toContain("standard output is closed");
    expect((await shell(`sag ${verb} > /dev/null`)).code).toBe(0);
  }
  expect((await command(["bash", "-o", "pipefail", "-c", "sag completion zsh | true"], { env: person.env })).code).toBe(
    0,
  );
});
