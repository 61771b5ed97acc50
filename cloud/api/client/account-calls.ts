import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { ClientService } from "#proto/client/v1/client_pb.js";
import { Mode } from "#proto/types/v1/state_pb.js";
import { endOwnDevice, endOwnSession, ownDevices, ownSessions } from "../../domain/accounts/own.ts";
import type { Context } from "../../domain/context.ts";
import { forgotPassword, resetByCode } from "../../domain/signin/forgotten.ts";
import { recorded } from "../../domain/signin/record.ts";
import { signInOf } from "../../domain/signin/refresh.ts";
import { confirmSecondFactor, enrolSecondFactor, removeSecondFactor } from "../../domain/signin/second-factor.ts";
import { Secret } from "../../security/secret.ts";
import { bearer, remoteAddress, tokenOwner } from "../http/caller.ts";
import { toDuration } from "../http/duration.ts";

type Calls = Pick<
  ServiceImpl<typeof ClientService>,
  | "forgotPassword"
  | "resetPassword"
  | "enrolSecondFactor"
  | "confirmSecondFactor"
  | "removeSecondFactor"
  | "listDevices"
  | "listSessions"
  | "endSession"
  | "endDevice"
>;

interface Names {
  enterpriseCode: string;
  userName: string;
  deviceId: string;
}

const who = ({ enterpriseCode, userName, deviceId }: Names, call: HandlerContext) => ({
  code: enterpriseCode,
  userName,
  deviceId,
  remote: call.values.get(remoteAddress),
});

const withCode = (request: Names & { password: string; otp: string }, call: HandlerContext) => ({
  ...who(request, call),
  password: new Secret(request.password),
  otp: request.otp,
});

/** Calls for people's own accounts, devices and sessions. */
export function accountCalls(context: Context): Calls {
  const authenticated = async (call: HandlerContext) => {
    const state = await signInOf(context, bearer(call, "sign_in_expired"));
    call.values.set(tokenOwner, state.accountId);
    return state;
  };

  return {
    async forgotPassword(request, call) {
      await forgotPassword(context, who(request, call));
      return {};
    },

    async resetPassword(request, call) {
      const claimed = who(request, call);
      await recorded(context, "password reset by code", claimed, () =>
        resetByCode(context, claimed, new Secret(request.code), new Secret(request.newPassword)),
      );
      return {};
    },

    async enrolSecondFactor(request, call) {
      const credentials = withCode(request, call);
      const { secret, uri, lifetimeMs } = await recorded(context, "second factor enrolment", credentials, () =>
        enrolSecondFactor(context, credentials),
      );
      return { secret: secret.reveal(), uri: uri.reveal(), lifetime: toDuration(lifetimeMs) };
    },

    async confirmSecondFactor(request, call) {
      const credentials = withCode(request, call);
      await recorded(context, "second factor confirmation", credentials, () =>
        confirmSecondFactor(context, credentials),
      );
      return {};
    },

    async removeSecondFactor(request, call) {
      const credentials = withCode(request, call);
      await recorded(context, "second factor removal", credentials, () => removeSecondFactor(context, credentials));
      return {};
    },

    async listDevices(_request, call) {
      const { devices, secondFactor, secondFactorRequired } = await ownDevices(context, await authenticated(call));
      return {
        devices: devices.map(({ id, name, platform, firstSeenMs, lastSeenMs, signedIn, thisDevice }) => ({
          deviceId: id,
          name,
          platform,
          firstSeen: toDuration(firstSeenMs),
          lastSeen: toDuration(lastSeenMs),
          signedIn,
          thisDevice,
        })),
        secondFactor,
        secondFactorRequired,
      };
    },

    async listSessions(_request, call) {
      const sessions = await ownSessions(context, await authenticated(call));
      return {
        sessions: sessions.map(({ id, deviceId, deviceName, addresses, mode, ageMs, thisDevice }) => ({
          sessionId: id,
          deviceId,
          deviceName,
          addresses,
          mode: mode === "system" ? Mode.SYSTEM : Mode.PROXY,
          age: toDuration(ageMs),
          thisDevice,
        })),
      };
    },

    async endSession(request, call) {
      await endOwnSession(context, await authenticated(call), request.sessionId);
      return {};
    },

    async endDevice(request, call) {
      await endOwnDevice(context, await authenticated(call), request.deviceId);
      return {};
    },
  };
}
