import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EndpointSchema, SessionSchema } from "#proto/client/v1/session_pb.js";
import { ResourceKind, Transport } from "#proto/client/v1/session_pb.js";
import { Fixer, HopKind, type HopSchema, WarningCode } from "#proto/types/v1/state_pb.js";
import { inEnglish, type Message, say } from "../../base/say.ts";
import type { EndpointRecord } from "../../domain/accesspoints/registry.ts";
import type { ChainHop } from "../../domain/chain/chain.ts";
import type { ResourceView } from "../../domain/resources/listing.ts";
import type { SessionDescription } from "../../domain/sessions/description.ts";
import { toDuration } from "../http/duration.ts";

const hopKinds: Record<ChainHop["kind"], HopKind> = {
  access_point: HopKind.ACCESS_POINT,
  instance: HopKind.INSTANCE,
  ccn: HopKind.CCN,
  cen: HopKind.CEN,
  cloud_network: HopKind.CLOUD_NETWORK,
};

const warningCodes: Record<NonNullable<ChainHop["missing"]>["code"], WarningCode> = {
  no_access_point: WarningCode.UNKNOWN,
  ccn_not_bound: WarningCode.CCN_NOT_BOUND,
  ccn_not_attached_to_cen: WarningCode.CCN_NOT_ATTACHED_TO_CEN,
  grant_missing: WarningCode.GRANT_MISSING,
  area_needs_bandwidth: WarningCode.AREA_NEEDS_BANDWIDTH,
  acl_denies: WarningCode.ACL_DENIES,
  cloud_network_not_attached: WarningCode.CLOUD_NETWORK_NOT_ATTACHED,
  cloud_network_unreachable: WarningCode.CLOUD_NETWORK_UNREACHABLE,
  no_routes: WarningCode.NO_ROUTES,
};

const resourceKinds: Record<ResourceView["kind"], ResourceKind> = {
  web: ResourceKind.WEB,
  ssh: ResourceKind.SSH,
  rdp: ResourceKind.RDP,
  vnc: ResourceKind.VNC,
  files: ResourceKind.FILES,
  database: ResourceKind.DATABASE,
  other: ResourceKind.OTHER,
};

export function endpointMessage(endpoint: EndpointRecord): MessageInitShape<typeof EndpointSchema> {
  return {
    transport: endpoint.transport === "tls" ? Transport.TLS : Transport.UDP,
    host: endpoint.host,
    port: endpoint.port,
    spkiPins: endpoint.pins.map((pin) => new Uint8Array(Buffer.from(pin, "base64url"))),
  };
}

/** An administrator has to fix any hop behind the access point, so `fixer` is always ADMINISTRATOR. */
function hopMessage({ kind, id, name, missing }: ChainHop): MessageInitShape<typeof HopSchema> {
  const hop = hopKinds[kind];
  const message = { kind: hop, id, name, whole: missing === null };
  if (!missing) return message;
  const code = warningCodes[missing.code];
  return { ...message, missing: { code, hop, fixer: Fixer.ADMINISTRATOR, ...warningText(missing.said) } };
}

/** `token` is "" in answers to Renew: the token from Dial stays valid. */
export function sessionMessage(session: SessionDescription, token: string): MessageInitShape<typeof SessionSchema> {
  const { profile } = session;
  const first = session.accessPoints[0];
  const hops = profile.hops.map(hopMessage);
  return {
    sessionId: session.sessionId,
    sessionToken: token,
    addresses: session.addresses,
    accessPoints: session.accessPoints.map(({ state, probeAddress, presharedKey, ready }) => ({
      id: state.id,
      name: state.name,
      publicKey: state.publicKey,
      probeAddress,
      presharedKey,
      endpoints: state.endpoints.map(endpointMessage),
      ready,
      region: state.region,
      keepsConnections: state.mode === "routed",
    })),
    routes: profile.routes,
    dns: { servers: profile.dnsServers, domains: profile.dnsDomains, searchDomains: profile.dnsSearchDomains },
    mtu: session.mtu,
    policy: { fullTunnel: profile.policy.fullTunnel, lockdown: profile.policy.lockdown },
    lease: toDuration(session.leaseMs),
    renewAfter: toDuration(session.renewAfterMs),
    hops: [
      { kind: HopKind.CLIENT, name: session.deviceName, whole: true },
      ...(first ? [{ kind: HopKind.ACCESS_POINT, id: first.state.id, name: first.state.name, whole: true }] : []),
      ...hops,
    ],
    warnings: [
      ...(session.expiresSoon
        ? [
            {
              code: WarningCode.EXPIRES_SOON,
              hop: HopKind.CLIENT,
              fixer: Fixer.YOU,
              ...warningText(say("sign_in_ends_soon")),
            },
          ]
        : []),
      ...hops.flatMap((hop) => hop.missing ?? []),
    ],
    incarnation: session.incarnation,
    profileRevision: session.profileRevision,
    instanceId: profile.instanceId,
    enterpriseCode: profile.enterpriseCode,
    displayName: profile.displayName,
    signInLifetime: toDuration(session.signInMs),
    resources: profile.resources.map(({ name, kind, address }) => ({ name, kind: resourceKinds[kind], address })),
    bandwidthKbps: session.bandwidth,
  };
}

/** Text, key and parameters of a warning, as the API has them. */
const warningText = ({ text, key, params }: Message) => ({ text, messageKey: key, messageParams: inEnglish(params) });
