import { expect, test } from "vitest";
import { readCsv, requireFaultless } from "./csv.ts";

const columns = { needed: ["user", "mail"], optional: ["note"] };
const cells = (text: string | Uint8Array, most = 100) => {
  const { rows, faults } = readCsv(typeof text === "string" ? new TextEncoder().encode(text) : text, columns, most);
  requireFaultless(faults);
  return rows;
};
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
  ["empty columns at the end", "user,mail,,\njürgen,j@x.de,,\n"],
])("%s", (_, text) => expect(cells(text)).toEqual(jürgen));

test("line numbers are those of the file", () => {
  expect(cells("sep=;\nuser;mail\n\nanna;a@x.de\n").map(({ line }) => line)).toEqual([4]);
  expect(cells('user,mail,note\nanna,a@x.de,"two\nlines"\nberta,b@x.de,\n').map(({ line }) => line)).toEqual([3, 4]);
  expect(cells('user,mail,note\r\nanna,a@x.de,"two\r\nlines"\r\nb,c,\r\n').map(({ line }) => line)).toEqual([3, 4]);
  expect(cells('user,mail\n"a ""b"", c",x\n')[0]?.cells.user).toBe('a "b", c');
});

test("reports unreadable content with its line", () => {
  expect(refusal("name,mail\nanna,a@x.de\n")).toBe(
    'The first line must name the columns; "user" is missing in "name,mail".',
  );
  expect(refusal("user,mail\nanna,a@x.de,2000,what\n")).toBe(
    'line 2 has 4 cells, the first line names 2 columns (the last cell: "what").',
  );
  expect(refusal('user,mail\nanna,"a@x.de\n')).toBe("line 2: a quotation mark is not closed.");
  expect(refusal('user,mail\nanna,a@x.de\n\nberta,"b@x.de\ncarl,c@x.de\n')).toBe(
    "line 4: a quotation mark is not closed.",
  );
  expect(refusal('"user,mail\n')).toBe("line 1: a quotation mark is not closed.");
  expect(refusal('user,mail\nanna,a"b\n')).toMatch(/^line 2: there is a quotation mark in a cell/);
  expect(refusal('user,mail\nanna,"a"b\n')).toMatch(/^line 2: there is text after a closing quotation mark\./);
  for (const empty of ["", "\ufeff", "\n \n", "sep=;\n"]) expect(refusal(empty)).toBe("The file is empty.");
});

test("refuses a NUL anywhere", () => {
  expect(refusal("user,mail\nan\0na,a@x.de\n")).toContain("This is not a text file.");
  const late = `user,mail\n${"anna,a@x.de\n".repeat(200)}an\0na,a@x.de\n`;
  expect(refusal(late)).toBe("line 202: there is a NUL character, so this is not a text file.");
});

test("refuses columns that are unknown or named twice", () => {
  expect(refusal("user,mail,bandwith,phone\n")).toBe(
    'Unknown columns: "bandwith", "phone". Possible columns: user, mail, note.',
  );
  expect(refusal("user,mail,__proto__\n")).toContain('Unknown column: "__proto__".');
  expect(refusal("user,mail,User\n")).toBe("The column user is named twice.");
});

test("names the first ten wrong lines, and counts the others", () => {
  const long = "anna,a@x.de,,more\n";
  expect(refusal(`user,mail\n${long.repeat(10)}`)).toMatch(/line 2 .* line 11 [^.]*\.$/);
  expect(refusal(`user,mail\n${long.repeat(11)}`)).toMatch(/line 11 [^.]*\. 1 more line is wrong\.$/);
  expect(refusal(`user,mail\n${long.repeat(40)}`)).toMatch(/line 11 [^.]*\. 30 more lines are wrong\.$/);
});

test("stops after one row more than is allowed", () => {
  expect(cells("user,mail\n\na,b\n,\na,b\na,b\na,b\na,b\n", 2)).toHaveLength(3);
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
