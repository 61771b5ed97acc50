import { expect, test } from "vitest";
import { accountsIn, mostAccounts, mostBytes } from "./account-file.ts";

const accounts = (text: string, bandwidth?: number) => accountsIn(new TextEncoder().encode(text), bandwidth);
const refusal = (text: string): string => {
  try {
    accounts(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

test("reads all columns in any order, and fills in the bandwidth", () => {
  const text = "mail,user,password,client-ip,Bandwidth\na@x.de,anna.test,secret-1,10.0.0.9,500\nb@x.de,berta.test\n";
  const none = { password: undefined, clientIp: undefined };
  expect(accounts(text, 3_000)).toEqual([
    { line: 2, user: "anna.test", mail: "a@x.de", password: "secret-1", clientIp: "10.0.0.9", bandwidth: 500 },
    { line: 3, user: "berta.test", mail: "b@x.de", bandwidth: 3_000, ...none },
  ]);
});

test("refuses a file without accounts", () => {
  expect(refusal("user,mail\n")).toBe("The file contains no accounts.");
  expect(refusal("user,mail\n,\n\n")).toBe("The file contains no accounts.");
  expect(refusal("")).toBe("The file is empty.");
});

test("refuses a file that is too large or has too many accounts", () => {
  const row = (n: number) => `user${n}.test,a@x.de\n`;
  const rows = (count: number) => `user,mail\n${Array.from({ length: count }, (_, n) => row(n)).join("")}`;
  expect(accounts(rows(mostAccounts))).toHaveLength(mostAccounts);
  expect(refusal(rows(mostAccounts + 1))).toBe(
    "The file has more than 2000 accounts, which is the most that can be imported at once. Split it.",
  );
  expect(refusal(`user,mail\n${"a,b,c\n".repeat(mostAccounts + 1)}`)).toContain("more than 2000 accounts");
  expect(refusal("x".repeat(mostBytes))).toContain("The first line must name the columns");
  expect(refusal("x".repeat(mostBytes + 1))).toBe(
    "The file is larger than 2 MB. At most 2000 accounts can be imported at once; split the file.",
  );
});

test("names every wrong line, also those that the server would refuse", () => {
  const text = [
    "user,mail,bandwidth,password",
    "anna.test,a@x.de,500,,more",
    "berta.test,",
    ",c@x.de",
    "carla.test,c@x.de",
    " CARLA.test ,d@x.de",
    "dora.test,d@x.de,2 Mbit",
    "x,e@x.de",
    "fritz.test,nothing",
    "gerda.test,g@x.de,,short",
  ];
  expect(refusal(text.join("\n"))).toMatch(
    new RegExp(
      [
        '^line 2 has 5 cells, the first line names 4 columns \\(the last cell: "more"\\)\\.',
        "line 3: the mail address is missing\\.",
        "line 4: the user name is missing\\.",
        "line 6: the same user name as in line 5\\.",
        'line 7, column bandwidth: "2 Mbit" is not a whole number of Kbit/s\\.',
        "line 8: A user name has [^:]*\\.",
        "line 9: A mail address has [^:]*\\.",
        "line 10: A password has [^:]*\\.$",
      ].join(" "),
    ),
  );
  // If only values are wrong, the server reports them.
  expect(accounts("user,mail\nx,nothing\n")).toHaveLength(1);
});
