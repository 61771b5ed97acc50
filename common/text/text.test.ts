import { describe, expect, it } from "vitest";
import { en } from "./en/index.ts";
import { texts } from "./index.ts";
import { renderMessage, renderWords } from "./message.ts";
import { bracketed, lengthened } from "./pseudo/bracketed.ts";

describe("the texts", () => {
  it("are English unless another language is chosen", () => {
    expect(texts).toBe(en);
  });

  it("are in brackets in the pseudo-language, functions' results too", () => {
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

describe("words of another program", () => {
  it("are the sender's own where it sent no key, or one that is not known here", () => {
    expect(renderWords({ text: "the disk is slow" })).toBe("the disk is slow");
    for (const key of ["tunnel.not_there", "causes.unknown", "tunnel.__proto__", "__proto__.toString", "nothing"])
      expect(renderWords({ key, text: "the disk is slow" })).toBe("the disk is slow");
  });

  it("stand in the message of a cause that has room for them", () => {
    expect(renderMessage({ cause: "not_found", text: "There is no such rule." })).toBe("There is no such rule.");
    expect(renderMessage({ cause: "account_disabled", text: "no" })).toBe(en.causes.account_disabled.message);
  });
});
