/** Who may call an operation, by its access. */
export const callers = {
  read: "administrator, read-only",
  "accounts-read": "administrator, read-only, accounts-only",
  accounts: "administrator, accounts-only",
  write: "administrator",
  operate: "administrator of the default account, sagctl",
  host: "sagctl on the server's host",
};

/** What the operations of a product are for. */
export const titles = {
  smartag: "smartag: instances, accounts, CCN, control lists",
  cbn: "cbn: CEN and bandwidth",
  sag: "sag: what the published API lacks",
};

/** The groups of operations. */
export const groups = {
  cen: "CEN",
  online: "online and usage",
  accessPoints: "access points and routes",
  ccn: "CCN",
  accounts: "accounts",
  codes: "enterprise codes",
  cenBandwidth: "CEN bandwidth",
  networks: "cloud networks",
  operating: "operating",
  instances: "instances",
  acl: "ACL",
  cenTags: "CEN tags",
  dns: "DNS",
};

/** What stands around the tables of docs/admin-api.md. */
export const page = {
  title: "The admin API",
  madeBy: "Written by cloud/api/admin/rpc/manual.ts from the table of operations; a test compares.",
  quotas: "Quotas",
  quotasSet: "Raised or lowered by `sagctl quota set NAME VALUE [--tenant NAME]`.",
  quotaColumns: ["quota", "counts", "value"],
  supported: "Supported operations",
  product: (title: string, version: string, count: number) => `${title} (version ${version}, ${count} operations)`,
  roles: (callers: string) => `Roles: ${callers}.`,
  noParameters: "No parameters.",
  parameterColumns: ["parameter", "type", "required", "rule"],
  yes: "yes",
  types: { str: "text", int: "number", bool: "boolean", object: "object", list: (of: string) => `list of ${of}` },
  notOffered: "Not offered",
  rest: (count: number) =>
    `The other ${count} operations of smartag (gateway boxes, QoS, flow logs) answer \`UnsupportedOperation\`:`,
};

/** Above the fields that an operation leaves out. */
export const notAnswered = "Published fields that are left out or always empty:";

/** Why fields of a published answer are never there. */
export const unansweredReasons = {
  boxes: "of gateway boxes, their lines and their providers",
  services:
    "of services that are not offered: QoS, flow logs, application bandwidth, optimization, DPI, advanced monitoring, identity",
  resale: "of resale and orders in advance: nothing is billed here",
  routing: "of BGP and route maps: routes are the prefixes of what is attached",
  states: "of states in between: a change is in force when it is answered",
  tags: "tags that no published operation sets",
};

/** The introduction of docs/admin-api.md. */
export const introduction = `The published API of the product, RPC style, on the address clients use, or on \`--admin-listen\` alone: its SDKs and scripts
work by changing endpoint and key.

* \`POST\` or \`GET /\`, parameters in query or form; lists as \`Name.1\`, of objects as \`Name.1.Key\`; booleans in any case.
  \`x-acs-action\` and \`x-acs-version\`, or \`Action\` and \`Version\`. Unknown parameters are ignored.
* Signed with \`ACS3-HMAC-SHA256\` or the older \`HMAC-SHA1\` (SignatureVersion 1.0). A date more than 15 minutes off is refused, a nonce
  is good once; that of a change is remembered through a restart.
* Keys: \`sagctl access-key create --role administrator|read-only|accounts-only [--tenant NAME] --json\`.
* Answers are JSON, or XML with \`Format=XML\`, with a \`RequestId\`, which is in the server's log too. Failures: \`RequestId, HostId, Code,
  Message, Recommend\` and the published status. What another account owns looks as if it did not exist, unless it was granted.
* What is gone already is reported under the code that Terraform and the command line recognise it by: \`ParameterInstanceId\` (attachment),
  \`ParameterCenInstanceId\`, \`ParameterCcnInstanceId\`, \`ParameterBwpInstanceId\`, \`ParameterSagACLId\`, \`ParameterSagACLRuleId\`,
  \`ParameterSagClientId\`; on reading, \`SagAclRuleNotExist\` and \`CcnNotExist\`.
* An object of yours that is in another region than the request says is never reported as gone: every operation answers \`InvalidRegionId\`
  (400) with the region it is in, and those of a CEN's children \`ParameterIllegal.ChildInstanceRegionId\`. Where an instance and its CCN are
  in different regions, \`BindSmartAccessGateway\` and \`UnbindSmartAccessGateway\` take either. Enterprise codes, CENs and limits
  (\`Get…UseLimit\`) have no region.
* A filter that nothing fits gives an empty list. Names of single objects have to be there: \`UserNames\`, \`AssociatedCcnId\` of
  \`DescribeGrantRules\`, \`SmartAGId\` of \`ListAccessPoints\`, \`CenId\`. What has no effect is marked in the tables.
* Every operation that changes something is a command of \`sagctl\`: the same checks and limits, and one audit record under the command's
  name (\`sagctl audit list\`), in the transaction of the change.
* An empty parameter counts as absent, because the product's clients send unset fields so: where something is changed it stays as it
  was. \`ModifyClientUserDNS\` is the exception, it replaces both lists.
* Failures of the \`sag\` operations have a \`Cause\` besides, the code that \`sagctl --json\` prints, and \`MessageKey\` with
  \`MessageParams\`, by which \`sagctl\` says them in another language.

## Passwords and mails

\`CreateSmartAccessGatewayClientUser\` and \`ResetSmartAccessGatewayClientUserPassword\` write a mail to the account's address, as
\`sagctl account create\`, \`import\` and \`reset-password\` do: enterprise code, instance ID, user name, enrolment link, and the password if
the server made it. The published answers have no field for a password. One that you give in \`Password\` is, other than in the product, not
repeated in the mail, because it would lie there in the clear; tell it yourself, or let people choose "Forgot your password?".

Mails are files in \`DIR/outbox/\` (\`*.eml\`, 0600) of the server's data directory: your mail system has to fetch, send and delete them
([administrators.md](administrators.md)). The server cannot see whether anybody does. When the mail cannot be written, nothing is changed
and the answer is \`ServiceUnavailable\` (503). Without a mail system: \`sagctl account create USER --mail ADDRESS\` and
\`sagctl account reset-password USER\` print the password that was made, this once.

## Trusting the self-made certificate

Without \`--tls-cert\` the server signs its certificate with an authority of its own, \`DIR/tls/ca.pem\`. Copy that file to where the client
runs, and tell the client about it; PATH is the copy:

| client | how |
|---|---|
| Python V1 (\`aliyun-python-sdk-core\`) | \`AcsClient(…, verify="PATH")\` |
| Python V2 (\`alibabacloud_*\`) | environment \`SSL_CERT_FILE=PATH\`; or \`Config(…, ca="PATH")\` |
| Node.js (\`@alicloud/pop-core\`, \`@alicloud/openapi-client\`) | environment \`NODE_EXTRA_CA_CERTS=PATH\` |
| Go (\`alibaba-cloud-sdk-go\`), Terraform, the command line | environment \`SSL_CERT_FILE=PATH\` |
| Java (\`aliyun-java-sdk-core\`) | \`keytool -importcert -noprompt -alias sag -file PATH -keystore sag.p12 -storepass changeit\`, then \`java -Djavax.net.ssl.trustStore=sag.p12 -Djavax.net.ssl.trustStorePassword=changeit\` |
| curl | \`--cacert PATH\` |

The endpoint is HOST:PORT of this server for every product and region; \`DescribeRegions\` returns the one under which it was asked.

## Codes and differences

Where a page of the product leaves an error's name open, ours are: \`QuotaExceeded.…\`, \`CCN.InUse\`, \`ACL.InUse\`, \`SAG.AreaNotMatch\`,
\`EnterpriseCode.AlreadyExist\`, \`.DefaultCannotDelete\`, \`.DefaultRequired\`, \`.Bound\`, \`InvalidOperation.NoBandwidthPackage\`, \`InvalidOperation.NoDiagnosis\`.

Other than the product, on purpose: an account that has used data this month can be deleted, its accounting stays; domains beside
\`AppDNS\` (\`sagctl dns set --domain\`) narrow the names that are asked inside, without them all are; acceleration settings are stored only;
of an access control list, so far only rules that shut off whole prefixes are in force; \`InterworkingStatus\` and a CCN's \`IsDefault\` are
stored and returned, and have no effect yet. \`VpnStatus\` is \`Up\` while an instance is neither locked nor over, is bound to a CCN, and an
access point that serves it is connected. Private blocks lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10; others that
an instance or a CCN had already stay. The default CCN and CEN of an account do not count against its quotas: it did not order them and
cannot delete them.
`;
