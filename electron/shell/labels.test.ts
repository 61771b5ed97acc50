import { expect, test } from "vitest";
import { disconnected } from "../../test/app/fake/sample.ts";
import { labelsOf } from "./labels.ts";

const state = (intranetId: string, userName: string, over = {}) =>
  disconnected({ intranetId, intranet: intranetId, userName, ...over });
const labels = (...states: ReturnType<typeof state>[]) => [...labelsOf(states).values()];

test("one intranet is labelled with its name", () => {
  expect(labels(state("a", "anna"))).toEqual(["Contoso"]);
  expect(labels(state("a", "anna"), state("b", "bob", { displayName: "Fabrikam" }))).toEqual(["Contoso", "Fabrikam"]);
});

test("several with the same name are distinguished by user, server, and finally local name", () => {
  expect(labels(state("a", "anna"), state("b", "bob"))).toEqual(["Contoso (anna)", "Contoso (bob)"]);
  const [server, other] = ["sag.contoso.example", "sag.contoso.test"];
  expect(labels(state("a", "anna"), state("b", "anna", { server: other }), state("c", "bob"))).toEqual([
    `Contoso (anna, ${server})`,
    `Contoso (anna, ${other})`,
    "Contoso (bob)",
  ]);
  expect(labels(state("a", "anna"), state("b", "anna"))).toEqual(["Contoso (a)", "Contoso (b)"]);
});
