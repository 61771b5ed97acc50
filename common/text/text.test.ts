import { describe, expect, it } from "vitest";
import { en } from "./en/index.ts";
import { texts } from "./index.ts";
import { renderMessage, renderWords } from "./message.ts";
import { bracketed, lengthened } from "./pseudo/bracketed.ts";

describe("texts", () => {
  it("are English by default", () => {
    expect(texts).toBe(en);
  });

  it("are in brackets in the pseudo-language, including results of functions", () => {
    const made = bracketed({
      a: "Yes",
      none: "",
      list: ["one"],
      of: { name: (name: string) => `Sign out of ${name}?` },
    });
    expect([made.a, made.none, made.list, made.of.name("Contoso")]).toEqual([
      "⟦Yes⟧",
      "",
      ["⟦one⟧"],
      "⟦Sign out of Contoso?⟧",
    ]);
  });
});

it("are about a third longer in the long pseudo-language", () => {
  expect(lengthened(["Yes", "Access point", "", "Disconnect and quit the application"])).toEqual([
    "⟦Yes ~⟧",
    "⟦Access point ~~~~⟧",
    "",
    "⟦Disconnect and quit the application ~~~~ ~~~~ ~⟧",
  ]);
});

describe("messages of other programs", () => {
  it("use the sender's text if there is no key or an unknown one", () => {
    expect(renderWords({ text: "the disk is slow" })).toBe("the disk is slow");
    for (const key of ["tunnel.not_there", "causes.unknown", "tunnel.__proto__", "__proto__.toString", "nothing"])
      expect(renderWords({ key, text: "the disk is slow" })).toBe("the disk is slow");
  });

  it("are inserted into the messages of causes that have a place for them", () => {
    expect(renderMessage({ cause: "not_found", text: "There is no such rule." })).toBe("There is no such rule.");
    expect(renderMessage({ cause: "account_disabled", text: "no" })).toBe(en.causes.account_disabled.message);
  });
});
