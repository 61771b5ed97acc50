import { describe, expect, it } from "vitest";
import { failureFromLine, failureFromWire } from "./wire.ts";

const keyed = {
  messageKey: "tunnel.host_refuses",
  messageParams: { host: "git.eng" },
  text: "words of an older version",
};

describe("a failure from another program", () => {
  it("is shown by its key, or in the sender's text if the key is unknown", () => {
    const shown = (json: object) => failureFromWire({ cause: "CAUSE_NOT_FOUND", ...json }).details.text;
    expect(shown(keyed)).toBe("git.eng refuses the connection");
    expect(shown({ ...keyed, messageKey: "tunnel.of_a_later_version" })).toBe("words of an older version");
    expect(shown({ text: "words of an older version" })).toBe("words of an older version");
    expect(shown({ ...keyed, messageParams: { host: "git\u001b[31m.eng" } })).toBe(
      "git [31m.eng refuses the connection",
    );
  });

  it("is parsed from a line of JSON, whatever it contains", () => {
    const line = { cause: "target_refused", message: "x", key: "tunnel.host_refuses", params: { host: "git.eng" } };
    expect(failureFromLine(line)).toMatchObject({
      code: "target_refused",
      details: { text: "git.eng refuses the connection" },
    });
    expect(failureFromLine({ cause: "target_refused", message: "x" }).details.text).toBe("x");
    for (const odd of [undefined, null, {}, [], { cause: 7, message: {}, key: [], params: 3 }])
      expect(failureFromLine(odd)).toMatchObject({ code: "unknown", details: {} });
  });
});
