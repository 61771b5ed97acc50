import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { answer, serveNames } from "./names.ts";
import { domain, records } from "./plan.ts";

const asked: string[] = [];
let port: number;
beforeAll(async () => {
  ({ port } = await serveNames("127.0.0.1", records, domain, (question) => asked.push(question.name)));
});

describe("the intranet's name server", () => {
  const resolver = (): Resolver => {
    const made = new Resolver({ timeout: 1000, tries: 1 });
    made.setServers([`127.0.0.1:${port}`]);
    return made;
  };

  it("answers known names in any case, and reports the queries", async () => {
    expect(await resolver().resolve4("Portal.Trial.internal")).toEqual([records["portal.trial.internal"]]);
    expect(asked).toContain("portal.trial.internal");
  });

  it.each([
    ["nothing.trial.internal", "ENOTFOUND"],
    ["example.com", "EREFUSED"],
  ])("answers %s with %s", async (name, code) => {
    await expect(resolver().resolve4(name)).rejects.toMatchObject({ code });
  });

  it("has no IPv6 address for a name that has an IPv4 one", async () => {
    await expect(resolver().resolve6("portal.trial.internal")).rejects.toMatchObject({ code: "ENODATA" });
  });

  it("answers over TCP, also if the query arrives in pieces", async () => {
    const query = Buffer.from(
      "000712340100000100000000000006706f7274616c05747269616c08696e7465726e616c0000010001",
      "hex",
    );
    query.writeUInt16BE(query.length - 2);
    const socket = connect(port, "127.0.0.1");
    socket.write(query.subarray(0, 5));
    socket.write(query.subarray(5));
    const [response] = await once(socket, "data");
    socket.destroy();
    expect([...response.subarray(-4)].join(".")).toBe(records["portal.trial.internal"]);
  });

  it.each([["00"], ["00".repeat(12)], ["ff".repeat(40)], ["123401000001000000000000ff61"]])("survives %s", (hex) => {
    expect(() => answer(Buffer.from(hex, "hex"), records, domain)).not.toThrow();
  });
});
