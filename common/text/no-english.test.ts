import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "@swc/core";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files that are skipped, with the reason. */
const files: Record<string, string> = {
  "cloud/ctl/completion.ts": "programs for shells",
  "electron/cli/completion.ts": "programs for shells",
  "electron/cli/examples.ts": "command lines, the same in every language",
  "electron/cli/manual.ts": "makes docs/cli.md, and is in no program",
  "electron/cli/unproxied.ts": "names of programs",
  "electron/core/reach/all.ts": "a program for browsers (PAC)",
  "electron/shell/scheme.ts": "HTTP headers",
};

/** Strings that look like sentences but are not shown to users. */
const strings: Record<string, string> = {
  "[Desktop Entry]\nType=Application\nName=": "a file format",
  "(prefers-color-scheme: dark)": "a media query",
};

/** Log messages are English for developers. They are constants in the first argument of these methods. */
const loggers = new Set(["info", "warn", "error", "debug", "noted"]);

/** Errors whose messages are for developers and never shown. */
const internalErrors = new Set(["UnknownRule", "Refused"]);

/** Attributes that are not shown or read aloud. */
const silentAttributes = /^(className|d|viewBox|placement|key|role|look|type|id|data-.*)$/;

/** A command for sagctl: an object, its verb, and placeholders for arguments. */
const isAdministratorsCommand = (text: string): boolean =>
  /^(access-(key|point( token)?)|account|acl|api|audit|ccn|cen|cidr|code|dns|flow-log|instance|link|network|policy|qos|quota|resource|route|server|session|tenant) [a-z-]+( <\w+>)*$/.test(
    text,
  );

/** Two words with a space between them, once placeholders and prompts are removed. */
const isSentence = (text: string): boolean =>
  !/^(sudo )?(sag|systemctl)( |$)/.test(text.trim()) &&
  !isAdministratorsCommand(text) &&
  /[A-Za-z]{2,}[,;:]? +[A-Za-z]{2,}/.test(text.replace(/[<[][^>\]]*[>\]]/g, ""));

interface Node {
  type: string;
  span?: { start: number };
  [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

const nameOf = (node: unknown): string => {
  const { value, property } = (node ?? {}) as { value?: unknown; property?: unknown };
  return typeof value === "string" ? value : property === undefined ? "" : nameOf(property);
};

/** The English sentences and words in one source file. */
function english(source: string, isTsx: boolean): string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === "object" && value !== null) {
      if (isNode(value) && !enter(value)) return;
      for (const [field, inner] of Object.entries(value)) if (field !== "span") visit(inner);
    }
  };
  /** Collects the text of a node; returns whether to visit its children. */
  const enter = (node: Node): boolean => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "TsLiteralType":
        return false;
      case "CallExpression": {
        const [, ...others] = node.arguments as unknown[];
        if (!loggers.has(nameOf(node.callee))) return true;
        visit(others);
        return false;
      }
      case "NewExpression":
        return !internalErrors.has(nameOf(node.callee));
      case "JSXAttribute":
        return !silentAttributes.test(nameOf(node.name));
      case "JSXText":
        if (/[A-Za-z]{2,}/.test(String(node.value))) found.push(String(node.value).trim());
        return false;
      case "StringLiteral":
        if (isSentence(String(node.value)) && !strings[String(node.value)]) found.push(String(node.value));
        return false;
      case "TemplateElement":
        if (isSentence(String(node.cooked)) && !strings[String(node.cooked)]) found.push(String(node.cooked));
        return false;
      default:
        return true;
    }
  };
  visit(parseSync(source, { syntax: "typescript", tsx: isTsx }).body);
  return found;
}

it("finds sentences, words between tags and spoken attributes, and nothing else", () => {
  const source = `
    import { a } from "some where";
    log.info("signed in", { why: "an old token" });
    const shown = cond ? "Not connected" : \`Signed in as \${name} here\`;
    const flag = "--socks <host:port>";
    throw new Refused("an unknown call");
    const view = <p className="small quiet" aria-label="Close the page">Hello</p>;`;
  expect(english(source, true)).toEqual(["an old token", "Not connected", "Signed in as ", "Close the page", "Hello"]);
});

it("finds no English sentence outside the text files", () => {
  const sources = globSync(
    [
      "{electron,renderer,common}/**/*.{ts,tsx}",
      "cloud/ctl/**/*.ts",
      "cloud/{main,failures,command-line,usage-words,version-command}.ts",
    ],
    {
      cwd: root,
    },
  )
    .filter((path) => !/\.test\.tsx?$|\/testing\/|^common\/text\//.test(path))
    .filter((path) => !files[path]);
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.flatMap((path) =>
    english(readFileSync(`${root}/${path}`, "utf8"), path.endsWith("x")).map((text) => `${path}: ${text}`),
  );
  expect(found, "put them into common/text/en").toEqual([]);
});

it("needs every exception", () => {
  const needed = Object.keys(files).filter(
    (path) => english(readFileSync(`${root}/${path}`, "utf8"), false).length > 0,
  );
  expect(needed).toEqual(Object.keys(files));
});
