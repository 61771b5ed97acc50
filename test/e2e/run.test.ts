import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { must } from "../harness/command.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, notRunHere } from "../harness/needs.ts";
import type { Person } from "../harness/person.ts";
import { type SshServer, startSshServer } from "../harness/ssh-server.ts";
import { givenCompany } from "./fixture.ts";

const sshAddress = "10.77.0.22";
const gitAddress = "10.77.0.90";
let ssh: SshServer | undefined;
let git: Server;
let person: Person;

const company = givenCompany({
  prepare: async ({ published, workspace }) => {
    ssh = await startSshServer(join(workspace.dir, "ssh")).catch(() => undefined);
    if (ssh) published.push(`${sshAddress}:22=127.0.0.1:${ssh.port}`);
    git = createServer((request, response) => {
      try {
        response.end(readFileSync(join(workspace.dir, "git", new URL(`${request.url}`, "http://x").pathname)));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    await once(git, "listening");
    published.push(`${gitAddress}:80=127.0.0.1:${(git.address() as AddressInfo).port}`);
  },
});
beforeAll(async () => {
  ({ person } = await company.connected());
});
afterAll(() => {
  ssh?.stop();
  git.close();
});

describe("sag run", () => {
  it("sets the proxies for the command, in upper and lower case, and returns its exit code", async () => {
    const seen = JSON.parse((await person.sag(["run", "--", "node", "-p", "JSON.stringify(process.env)"])).stdout);
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
      expect(seen[name]).toBeTruthy();
      expect(seen[name.toLowerCase()]).toBe(seen[name]);
    }
    // A SOCKS address there breaks programs without a SOCKS library (Python's httpx), and an inherited one points
    // elsewhere.
    const env = { ...person.env, ALL_PROXY: "socks5h://192.0.2.1:1080", all_proxy: "socks5h://192.0.2.1:1080" };
    for (const program of ["node", "curl"]) {
      const asked =
        program === "curl"
          ? ["curl", "-sv", "--max-time", "1", "telnet://10.77.0.7:7"]
          : ["node", "-p", "Object.keys(process.env)"];
      const done = await person.sag(["run", "--", ...asked], { env });
      if (program === "node") expect(done.stdout).not.toMatch(/ALL_PROXY/i);
      else expect(done.stderr).toContain("SOCKS5 connect");
    }
    expect((await person.sag(["run", "--", "sh", "-c", "exit 7"])).code).toBe(7);
    // Options after the command belong to it, also without --.
    expect((await person.sag(["run", "sh", "-c", "echo $1", "sh", "--json"])).stdout).toBe("--json\n");
    expect((await person.sag(["run", "--", "sh", "-c", "kill -TERM $$"])).code).toBe(128 + 15);
    expect((await person.failure(["run", "no-such-program"])).cause).toBe("not_found");
  });

  it("Node.js (fetch and http) and Java fetch the portal by its name", async (context) => {
    const { dir } = company.workspace;
    const inNode = `const url = ${JSON.stringify(portalUrl)};
      fetch(url).then((r) => r.text()).then((t) => { console.log(t);
      require("node:http").get(url, (r) => r.setEncoding("utf8").on("data", (d) => console.log(d))); });`;
    const node = await person.sag(["run", "--", process.execPath, "-e", inNode]);
    expect(node.stdout.split(portalText).length, node.stderr).toBe(3);
    expect(node.stderr).toBe("");
    needsProgram(context, "java", "javac");
    const source = join(dir, "Get.java");
    writeFileSync(
      source,
      `import java.net.*; import java.net.http.*;
      class Get { public static void main(String[] a) throws Exception {
        System.out.println(HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(a[0])).build(), HttpResponse.BodyHandlers.ofString()).body());
        System.out.println(new String(new URL(a[0]).openStream().readAllBytes()) + System.getProperty("mine")); } }`,
    );
    // Existing options are kept.
    const env = { ...person.env, JAVA_TOOL_OPTIONS: "-Dmine=kept" };
    const java = await person.sag(["run", "--", "java", source, portalUrl], { env });
    expect(java.stdout.split(portalText).length, java.stderr).toBe(3);
    expect(java.stdout).toContain("kept");
  });

  it("curl fetches the portal by its name, and git clones", async (context) => {
    const curl = await person.sag(["run", "--", "curl", "-sS", "--fail", "--max-time", "10", portalUrl]);
    expect(curl.stdout, curl.stderr).toContain(portalText);
    needsProgram(context, "git");
    const { dir } = company.workspace;
    const work = join(dir, "work");
    mkdirSync(work);
    writeFileSync(join(work, "README"), "tools\n");
    const inWork = { cwd: work };
    await must(["git", "init", "-q", "-b", "main"], inWork);
    await must(["git", "add", "."], inWork);
    await must(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"], inWork);
    await must(["git", "clone", "-q", "--bare", work, join(dir, "git", "tools.git")]);
    await must(["git", "update-server-info"], { cwd: join(dir, "git", "tools.git") });
    const clone = join(dir, "clone");
    const done = await person.sag(["run", "--", "git", "clone", "-q", `http://${gitAddress}/tools.git`, clone]);
    expect(done.code, done.stderr).toBe(0);
    expect(readFileSync(join(clone, "README"), "utf8")).toBe("tools\n");
  });
});

describe("sag run, for programs without proxy support", () => {
  it("warns that known ones connect directly, and not for others", async () => {
    const dir = join(company.workspace.dir, "programs");
    mkdirSync(dir, { recursive: true });
    for (const [name, says] of [
      ["psql", "sag run --isolate"],
      ["ssh", "sag ssh-config"],
      ["curl-like", ""],
      ["nodejs", "Node.js 20.20.2 ignores the proxy"],
    ] as const) {
      const version = name === "nodejs" ? '[ "$1" != --version ] || exec echo v20.20.2\n' : "";
      writeFileSync(join(dir, name), `#!/bin/sh\n${version}echo ran\n`, { mode: 0o755 });
      const done = await person.sag(["run", join(dir, name)]);
      expect(done.stdout).toBe("ran\n");
      if (says) expect(done.stderr).toContain(says);
      else expect(done.stderr).toBe("");
    }
  });

  it("makes Git's ssh use the tunnel, unless the user has set one", async (context) => {
    needsProgram(context, "git", "ssh");
    if (!ssh) return notRunHere(context, "sshd");
    const { dir } = company.workspace;
    const bare = join(dir, "by-ssh.git");
    await must(["git", "init", "-q", "--bare", "-b", "main", bare]);
    const home = `${person.env.HOME}`;
    const config = join(home, ".gitconfig");
    // Options from Git's configuration are kept.
    const options = `-F none -i ${ssh.key} -o UserKnownHostsFile=${ssh.knownHosts} -o BatchMode=yes -o User=${ssh.user}`;
    writeFileSync(config, `[core]\n\tsshCommand = ssh ${options}\n`);
    const url = `ssh://${sshAddress}${bare}`;
    const done = await person.sag(["run", "git", "ls-remote", url]);
    expect({ code: done.code, stdout: done.stdout }, done.stderr).toEqual({ code: 0, stdout: "" });
    const seen = await person.sag(["run", "sh", "-c", "echo $GIT_SSH_COMMAND"], {
      env: { ...person.env, GIT_SSH_COMMAND: "mine" },
    });
    expect(seen.stdout).toBe("mine\n");
    rmSync(config);
  });
});
