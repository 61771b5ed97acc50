// Drives the server through @alicloud/pop-core or @alicloud/openapi-client: one JSON request per line in, one JSON answer out.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const [which, endpoint, accessKeyId, accessKeySecret] = process.argv.slice(2);

/** Lists as Name.1, of objects as Name.1.Key. */
function flatten(fields, prefix = "") {
  return Object.entries(fields).reduce((flat, [name, value]) => {
    const inner = Array.isArray(value) ? Object.fromEntries(value.map((item, i) => [`${i + 1}`, item])) : value;
    if (typeof inner !== "object") return Object.assign(flat, { [prefix + name]: String(inner) });
    return Object.assign(flat, flatten(inner, `${prefix + name}.`));
  }, {});
}

const clients = {
  "pop-core": () => {
    const Core = require("@alicloud/pop-core");
    return ({ action, version, fields }) =>
      new Core({ endpoint: `https://${endpoint}`, apiVersion: version, accessKeyId, accessKeySecret }).request(
        action,
        flatten(fields),
        { method: "POST" },
      );
  },
  "openapi-client": () => {
    const official = require("@alicloud/openapi-client");
    const client = new official.default(
      new official.Config({ accessKeyId, accessKeySecret, endpoint, protocol: "HTTPS" }),
    );
    return async ({ action, version, fields }) => {
      const params = new official.Params({
        ...{ action, version, protocol: "HTTPS", pathname: "/", method: "POST", authType: "AK", style: "RPC" },
        ...{ reqBodyType: "formData", bodyType: "json" },
      });
      return (await client.callApi(params, new official.OpenApiRequest({ query: flatten(fields) }), {})).body;
    };
  },
};
const ask = clients[which]();

for await (const line of createInterface(process.stdin)) {
  let answer;
  try {
    answer = { body: await ask(JSON.parse(line)) };
  } catch (error) {
    const status = error.data?.statusCode ?? error.entry?.response.statusCode ?? 0;
    const code = error.data?.Code;
    answer = code ? { code, status } : { code: "Client", status: 0, text: String(error) };
  }
  console.log(JSON.stringify(answer));
}
