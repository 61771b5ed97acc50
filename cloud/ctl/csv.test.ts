import { expect, test } from "vitest";
import { readCsv } from "./csv.ts";

const cells = (text: string | Uint8Array) =>
  readCsv(typeof text === "string" ? new TextEncoder().encode(text) : text, ["user", "mail"]);
const refusal = (text: string): string => {
  try {
    cells(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

const jürgen = [{ line: 2, cells: { user: "jürgen", mail: "j@x.de" } }];
const utf16 = (text: string) => new Uint8Array(Buffer.from(text, "utf16le"));

test.each<[string, string | Uint8Array]>([
  ["commas", "user,mail\njürgen,j@x.de\n"],
  ["semicolons", "user;mail\r\njürgen;j@x.de\r\n"],
  ["tabs", "user\tmail\r\njürgen\tj@x.de"],
  ["old line ends", "user,mail\rjürgen,j@x.de\r"],
  ["quotes, capitals and blanks", ' User , "MAIL" \n"jürgen" , j@x.de\n'],
  ["UTF-8 with its mark", "\ufeffuser;mail\njürgen;j@x.de\n"],
  ["UTF-16 with its mark", utf16("\ufeffuser\tmail\r\njürgen\tj@x.de\r\n")],
  ["UTF-16 without", utf16("user\tmail\r\njürgen\tj@x.de\r\n")],
  ["UTF-16, the other way round", utf16("\ufeffuser;mail\njürgen;j@x.de\n").map((_, i, all) => all[i ^ 1] ?? 0)],
  ["Windows-1252", new Uint8Array(Buffer.from("user;mail\r\njürgen;j@x.de\r\n", "latin1"))],
  ["empty lines at the end", "user,mail\njürgen,j@x.de\n\n,\n \n"],
])("%s", (_, text) => expect(cells(text)).toEqual(jürgen));

test("line numbers are those of the file", () => {
  expect(cells("sep=;\nuser;mail\n\nanna;a@x.de\n").map(({ line }) => line)).toEqual([4]);
  expect(cells('user,mail,note\nanna,a@x.de,"two\nlines"\nberta,b@x.de,\n').map(({ line }) => line)).toEqual([3, 4]);
  expect(cells('user,mail\n"a ""b"", c",x\n')[0]?.cells.user).toBe('a "b", c');
});

test("reports unreadable content with line and column", () => {
  expect(refusal("name,mail\nanna,a@x.de\n")).toBe(
    'The first line must name the columns; "user" is missing in "name,mail".',
  );
  expect(refusal("user,mail\nanna,a@x.de,2000,what\n")).toContain("line 2 has 4 cells");
  expect(refusal('user,mail\nanna,"a@x.de\n')).toMatch(/^line \d.*quote/i);
  expect(refusal('user,mail\nanna,a"b\n')).toMatch(/^line 2, column 2.*quote/i);
  expect(refusal("")).toContain('"user" is missing');
});

test.each([
  [
    "an Excel workbook",
    [0x50, 0x4b, 0x03, 0x04, 0x14, 0, 6, 0, 8, 0, 0x1b, 0x5b],
    "This is an Excel or OpenDocument workbook, not CSV.",
  ],
  [
    "an old Excel workbook",
    [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0],
    "This is an old Excel workbook, not CSV.",
  ],
  ["a PDF", [...Buffer.from("%PDF-1.7\n")], "This is a PDF, not CSV."],
  ["something else", [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0], "This is not a text file."],
])("recognises %s without showing its bytes", (_, bytes, says) => {
  const save = "Save the table as CSV in the spreadsheet program, and import that file.";
  expect(() => cells(Uint8Array.from(bytes))).toThrow(`${says} ${save}`);
});
