import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { productVersions } from "../api/admin/rpc/protocol/operation.ts";
import type { TestServer } from "./server.ts";

const require = createRequire(import.meta.url);
/** Both packages are CommonJS, and one has no types. */
const official = require("@alicloud/openapi-client") as typeof import("@alicloud/openapi-client");

export interface AccessKeyPair {
  id: string;
  secret: string;
}

export type Fields = Record<string, unknown>;
type Product = keyof typeof productVersions;

/** A refusal as the official clients throw it. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;
  readonly body: Fields;

  constructor(code: string, status: number, body: Fields) {
    super(`${code}: ${String(body.Message)}`);
    this.code = code;
    this.status = status;
    this.body = body;
  }
}

export type Ask = (action: string, fields?: Fields, product?: Product) => Promise<Fields>;

/** The server's own CA, so that clients verify its certificate. */
export function authorityOf(server: Pick<TestServer, "directory">): string {
  const path = join(server.directory, "tls", "ca.pem");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Creates an access key through the admin socket. */
export async function makeKey(server: TestServer, role = "administrator", tenant?: string): Promise<AccessKeyPair> {
  const answer = await local(server, "CreateAccessKey", { Role: role, ...(tenant ? { Tenant: tenant } : {}) });
  return { id: String(answer.AccessKeyId), secret: String(answer.AccessKeySecret) };
}

/** Calls one of our own operations through the admin socket. */
export async function local(
  server: TestServer,
  action: string,
  parameters: Record<string, string> = {},
): Promise<Fields> {
  return (await server.ask("api call", { product: "sag", action, parameters })) as Fields;
}

/** @alicloud/openapi-client: ACS3-HMAC-SHA256, or HMAC-SHA1 with `older`. */
export function openApi(server: TestServer, key: AccessKeyPair, older = false): Ask {
  const client = new official.default(
    new official.Config({
      accessKeyId: key.id,
      accessKeySecret: key.secret,
      endpoint: new URL(server.running.url).host,
      protocol: "HTTPS",
      ca: authorityOf(server),
      ...(older ? { signatureAlgorithm: "v2" } : {}),
    }),
  );
  return async (action, fields = {}, product = "smartag") => {
    const params = new official.Params({
      action,
      version: productVersions[product],
      protocol: "HTTPS",
      pathname: "/",
      method: "POST",
      authType: "AK",
      style: "RPC",
      reqBodyType: "formData",
      bodyType: "json",
    });
    const request = new official.OpenApiRequest({ query: flatten(fields) });
    try {
      const answer = (await client.callApi(params, request, {} as never)) as { body: Fields };
      return answer.body;
    } catch (error) {
      throw refused(error);
    }
  };
}

/** @alicloud/pop-core: HMAC-SHA1 with all parameters in the query, or in a form with `post`. */
export function popCore(server: TestServer, key: AccessKeyPair, post = false): Ask {
  const Core = require("@alicloud/pop-core") as new (
    config: Fields,
  ) => {
    request(action: string, params: Fields, options: Fields): Promise<Fields>;
  };
  const { Agent } = require("node:https") as typeof import("node:https");
  const agent = new Agent({ ca: authorityOf(server) });
  return async (action, fields = {}, product = "smartag") => {
    const client = new Core({
      endpoint: server.running.url,
      apiVersion: productVersions[product],
      accessKeyId: key.id,
      accessKeySecret: key.secret,
    });
    try {
      return await client.request(action, fields, { method: post ? "POST" : "GET", agent });
    } catch (error) {
      throw refused(error);
    }
  };
}

/** Flattens parameters like the official generated clients: lists as Name.1, Name.1.Key; booleans capitalised. */
export function flatten(fields: Fields, prefix = ""): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    const full = prefix + name;
    if (value === undefined) continue;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (typeof item === "object") Object.assign(out, flatten(item as Fields, `${full}.${index + 1}.`));
        else out[`${full}.${index + 1}`] = String(item);
      }
    } else if (typeof value === "boolean") {
      out[full] = value ? "True" : "False";
    } else {
      out[full] = String(value);
    }
  }
  return out;
}

function refused(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { data, code, entry } = error as Error & {
    data?: Fields;
    code?: string;
    entry?: { response: { statusCode: number } };
  };
  if (data === undefined || code === undefined) return error;
  return new Refused(String(data.Code ?? code), Number(data.statusCode ?? entry?.response.statusCode ?? 0), data);
}
