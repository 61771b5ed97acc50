import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EndpointSchema, SessionSchema } from "#proto/client/v1/session_pb.js";
import { Transport } from "#proto/client/v1/session_pb.js";
import { HopKind, Mender, WarningCode } from "#proto/types/v1/state_pb.js";
import type { EndpointRecord } from "../../domain/accesspoints/registry.ts";
import type { SessionDescription } from "../../domain/sessions/description.ts";
import { toDuration } from "../http/duration.ts";

export function endpointMessage(endpoint: EndpointRecord): MessageInitShape<typeof EndpointSchema> {
  return {
    transport: endpoint.transport === "tls" ? Transport.TLS : Transport.UDP,
    host: endpoint.host,
    port: endpoint.port,
    spkiPins: endpoint.pins.map((pin) => new Uint8Array(Buffer.from(pin, "base64url"))),
  };
}

/** `token` "" = the one from Dial stays. */
export function sessionMessage(session: SessionDescription, token: string): MessageInitShape<typeof SessionSchema> {
  const { profile } = session;
  const first = session.accessPoints[0];
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
    })),
    routes: profile.routes,
    dns: { servers: profile.dnsServers, domains: profile.dnsDomains },
    mtu: session.mtu,
    policy: { fullTunnel: profile.policy.fullTunnel, lockdown: profile.policy.lockdown },
    lease: toDuration(session.leaseMs),
    renewAfter: toDuration(session.renewAfterMs),
    hops: [
      { kind: HopKind.CLIENT, name: session.deviceName, whole: true },
      ...(first ? [{ kind: HopKind.ACCESS_POINT, id: first.state.id, name: first.state.name, whole: true }] : []),
      { kind: HopKind.INSTANCE, id: profile.instanceId, name: profile.displayName, whole: true },
    ],
    warnings: session.expiresSoon
      ? [
          {
            code: WarningCode.EXPIRES_SOON,
            hop: HopKind.CLIENT,
            mender: Mender.YOU,
            text: "The sign-in of this device ends soon.",
          },
        ]
      : [],
    incarnation: session.incarnation,
    profileRevision: session.profileRevision,
    instanceId: profile.instanceId,
    displayName: profile.displayName,
    signInLifetime: toDuration(session.signInMs),
  };
}
