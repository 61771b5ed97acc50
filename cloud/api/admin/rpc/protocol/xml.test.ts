import { expect, test } from "vitest";
import { toXml } from "./xml.ts";

const head = '<?xml version="1.0" encoding="UTF-8"?>';

test.each<[string, Record<string, unknown>, string]>([
  ["fields", { A: "x", B: 1, C: true }, "<R><A>x</A><B>1</B><C>true</C></R>"],
  ["a list of objects", { L: { I: [{ A: 1 }, { A: 2 }] } }, "<R><L><I><A>1</A></I><I><A>2</A></I></L></R>"],
  ["a list of texts", { L: ["a", "b"] }, "<R><L>a</L><L>b</L></R>"],
  ["an empty list", { L: { I: [] } }, "<R><L></L></R>"],
  ["what is absent", { A: undefined, B: null, C: "" }, "<R><C></C></R>"],
  ["what must be escaped", { A: "<&>\"'\r\n\t" }, "<R><A>&lt;&amp;&gt;\"'&#13;\n\t</A></R>"],
  ["what XML cannot contain", { A: "a\u0000b\u001f\ud800\uffff😀" }, "<R><A>a\ufffdb\ufffd\ufffd\ufffd😀</A></R>"],
  ["names that XML cannot have", { "1 a": "x", "ä<": "y" }, "<R><_1_a>x</_1_a><__>y</__></R>"],
])("%s", (_what, body, expected) => expect(toXml("R", body)).toBe(head + expected));
