import { afterEach, beforeEach, expect, test } from "vitest";
import type { Failure } from "../../core/causes/failure.ts";
import type { Context } from "../context.ts";
import { Interrupted } from "../interrupted.ts";
import { consequences, lockdown } from "./lockdown.ts";

const before = process.env.SSH_CONNECTION;
beforeEach(() => {
  delete process.env.SSH_CONNECTION;
});
afterEach(() => {
  if (before !== undefined) process.env.SSH_CONNECTION = before;
});

/**
 * The context of a user who gives this answer, or of a script (null). Fails if the code goes on after the question.
 */
const given = (answer: string | null) => {
  const asked: string[] = [];
  const context = {
    prompt: {
      isTerminal: answer !== null,
      ask: async (question: string) => {
        asked.push(question);
        return answer ?? "";
      },
    },
    client: () => Promise.reject(new Error("lockdown was begun")),
  } as unknown as Context;
  return { context, asked };
};
const outcome = (promise: Promise<unknown>) => promise.then(String, (error: unknown) => error);

test("asks at a terminal and lists what is cut off", async () => {
  for (const answer of ["", "n", "no", "yess"]) {
    const { context, asked } = given(answer);
    expect(await outcome(lockdown(context, {}, "on"))).toBeInstanceOf(Interrupted);
    expect(asked).toEqual([expect.stringMatching(/including SSH, will be cut\.\nTurn lockdown on\? \[y\/N\] $/)]);
  }
  for (const answer of ["y", "Yes"]) {
    expect(await outcome(lockdown(given(answer).context, {}, "on"))).toMatchObject({ message: "lockdown was begun" });
  }
});

test("a script needs --yes; without it nothing changes", async () => {
  const failure = (await outcome(lockdown(given(null).context, {}, "on"))) as Failure;
  expect([failure.code, failure.message]).toEqual(["invalid_argument", expect.stringContaining("Use --yes")]);
  const { context, asked } = given(null);
  expect(await outcome(lockdown(context, { yes: true }, "on"))).toMatchObject({ message: "lockdown was begun" });
  expect(asked).toEqual([]);
});

test("names the SSH connection that would be cut", () => {
  expect(consequences("198.51.100.9 50122 203.0.113.5 22")).toContain("The SSH connection from 198.51.100.9");
});
