import { expect, test } from "vitest";
import { Refusal } from "../../base/cause.ts";
import { chosenAccessPoint } from "./chosen.ts";

const frankfurt = { id: "ap-1", name: "Frankfurt" };
const amsterdam = { id: "ap-2", name: "Amsterdam" };
const second = { id: "ap-3", name: "Amsterdam" };
const all = [frankfurt, amsterdam, second];

const refused = (wanted: string, offered = all) => {
  try {
    return chosenAccessPoint(all, offered, wanted);
  } catch (thrown) {
    return thrown instanceof Refusal ? thrown.said : thrown;
  }
};

test.each([
  ["", ""],
  ["ap-3", "ap-3"],
  ["Frankfurt", "ap-1"],
])("%j chooses %j", (wanted, id) => {
  expect(chosenAccessPoint(all, all, wanted)).toBe(id);
});

test("a name that several have is refused with their ids", () => {
  expect(refused("Amsterdam")).toMatchObject({
    key: "cloud.access_point_ambiguous",
    params: { name: "Amsterdam", ids: "ap-2, ap-3" },
  });
});

test("an unknown name is refused with those that can be chosen", () => {
  const unknown = { key: "cloud.access_point_unknown", params: { name: "Berlin", available: "Frankfurt" } };
  expect(refused("Berlin", [frankfurt])).toMatchObject(unknown);
  const several = { params: { available: "Frankfurt, Amsterdam (ap-2), Amsterdam (ap-3)" } };
  expect(refused("Berlin")).toMatchObject(several);
  const many = Array.from({ length: 200 }, (_, number) => ({ id: `ap-${number}`, name: `Access point ${number}` }));
  expect(refused("Berlin", many)).toMatchObject({ params: { available: expect.stringMatching(/^.{700,810}, …$/) } });
});
