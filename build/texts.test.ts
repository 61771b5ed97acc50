import { describe, expect, it } from "vitest";
import { tunnel } from "../common/text/en/tunnel.ts";
import { committedTexts, goTexts, templateOf } from "./texts.ts";

describe("the Go functions of sag-tunnel's messages", () => {
  it("match the text file (run `npm run generate`)", () => {
    expect(committedTexts()).toBe(goTexts(tunnel));
  });

  it("take the parameters in the order of the text file", () => {
    const message = ({ host, port }: Readonly<Record<string, string>>) => `port ${port} of ${host} is closed`;
    expect(templateOf("closed", message)).toEqual({
      params: ["host", "port"],
      parts: ["port ", "port", " of ", "host", " is closed"],
    });
    expect(goTexts({ port_closed: message })).toContain(
      'func PortClosed(host, port string) Message {\n\treturn message("tunnel.port_closed", []string{"port ", "port", " of ", "host", " is closed"}, "host", host, "port", port)',
    );
  });

  it("consist only of parameters and fixed text", () => {
    expect(() => templateOf("a", ({ host }) => (host === "x" ? "one" : "another"))).toThrow("host is not in the text");
    expect(() => templateOf("a", ({ host }) => `${host?.toUpperCase()}`)).toThrow("host is not in the text");
  });
});
