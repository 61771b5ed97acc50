/** What to do about a cause, for administrators, if it differs from what users of a client should do. */
export const actions = {
  data_directory_in_use: "Stop the other process, or choose another --data.",
  storage_readonly: "Allow this user to write to the directory, or choose another --data.",
  storage_damaged: "Restore a backup: sagctl restore BACKUP --data DIR",
  storage_full: "Free some space on that disk.",
  port_in_use: "Choose another port, or stop the program that uses it.",
  not_permitted: "Run the command as a user who has this permission.",
  not_a_real_path: "Give a directory with --data.",
  address_in_use: "Choose another address.",
  protocol_too_old: "Use the same version of sagctl and sag-cloud.",
  answer_missing: "Check what was done, for example with sagctl account list, before you repeat the command.",
  unknown: "See the log of sag-cloud.",
};

const listed = (verb: string) => `Run \`sagctl ${verb}\` to see what exists.`;
const otherName = "Choose another name, or change the existing one.";

/** What to do about single messages of the server, by their key in the catalogue; used instead of the action of the cause. */
export const advice = {
  "no-account": listed("account list"),
  "no-acl": listed("acl list"),
  "no-acl-rule": listed("acl rules ACL"),
  "no-access-point": listed("access-point list"),
  "no-block": listed("cidr list"),
  "no-ccn": listed("ccn list"),
  "no-cen": listed("cen list"),
  "no-child": listed("cen children CEN"),
  "no-code": listed("code list"),
  "no-instance": listed("instance list"),
  "no-key": listed("access-key list"),
  "no-network": listed("network list"),
  "no-own-ccn": listed("ccn list"),
  "no-qos": listed("qos list"),
  "no-qos-car": listed("qos cars QOS"),
  "no-qos-policy": listed("qos policies QOS"),
  "no-flow-log": listed("flow-log list"),
  "no-resource": listed("resource list"),
  "no-route": listed("route list"),
  "no-session": listed("session list"),
  "no-tenant": listed("tenant list"),
  "no-token": listed("access-point token list"),
  "not-attached": listed("cen children CEN"),
  "code-taken": "Choose another enterprise code.",
  "resource-exists": otherName,
  "tenant-exists": otherName,
  "user-exists": otherName,
  "user-exists-elsewhere": "Choose another name.",
  storage_exists: "Choose another path.",
};
