import type { ServiceImpl } from "@connectrpc/connect";
import type { ClientService } from "#proto/client/v1/client_pb.js";
import { Mode } from "#proto/types/v1/state_pb.js";
import type { Context } from "../../domain/context.ts";
import { dial } from "../../domain/sessions/dial.ts";
import { instancesOfCode } from "../../domain/signin/credentials.ts";
import { recorded } from "../../domain/signin/record.ts";
import { refresh, signInOf, signOut, type Tokens } from "../../domain/signin/refresh.ts";
import { changePassword, signIn } from "../../domain/signin/sign-in.ts";
import type { SignInState } from "../../domain/signin/state.ts";
import { Secret } from "../../security/secret.ts";
import { accessTokenSeconds } from "../../security/tokens.ts";
import { hello } from "../hello.ts";
import { bearer, remoteAddress, tokenOwner } from "../http/caller.ts";
import { toDuration } from "../http/duration.ts";
import { accountCalls } from "./account-calls.ts";
import { sessionMessage } from "./convert.ts";

/** The ClientService of sag.client.v1. `pins` returns the SPKI pins of this server's keys: in use, then next or spare. */
export function clientService(context: Context, pins: () => Uint8Array[]): ServiceImpl<typeof ClientService> {
  const server = () => ({ hello: hello(), spkiPins: pins() });

  const signedIn = (state: SignInState, tokens: Tokens) => ({
    signedIn: {
      tokens: {
        refreshToken: tokens.refreshToken.reveal(),
        accessToken: tokens.accessToken.reveal(),
        accessTokenLifetime: toDuration(Math.min(accessTokenSeconds * 1_000, tokens.signInMs)),
        signInLifetime: toDuration(tokens.signInMs),
      },
      server: server(),
      instanceId: state.instanceId,
      displayName: state.displayName,
      accountId: state.accountId,
      userName: state.userName,
      mail: state.mail,
    },
  });

  return {
    ...accountCalls(context),

    async discover(request, call) {
      const instances = await instancesOfCode(context, request.enterpriseCode, call.values.get(remoteAddress));
      return {
        server: server(),
        displayName: instances[0]?.name ?? "",
        enterpriseCode: request.enterpriseCode.toUpperCase(),
      };
    },

    async signIn(request, call) {
      const device = request.device;
      const credentials = {
        code: request.enterpriseCode,
        userName: request.userName,
        password: new Secret(request.password),
        otp: request.otp,
        deviceId: device?.id ?? "",
        remote: call.values.get(remoteAddress),
      };
      const described = { id: device?.id ?? "", name: device?.name ?? "", platform: device?.platform ?? "" };
      const { signIn: state, tokens } = await recorded(context, "sign-in", credentials, () =>
        signIn(context, credentials, described),
      );
      return signedIn(state, tokens);
    },

    async refresh(request) {
      const { signIn: state, tokens } = await refresh(context, request.refreshToken, request.deviceId);
      return signedIn(state, tokens);
    },

    async signOut(request) {
      await signOut(context, request.refreshToken);
      return {};
    },

    async changePassword(request, call) {
      const credentials = {
        code: request.enterpriseCode,
        userName: request.userName,
        password: new Secret(request.password),
        otp: request.otp,
        deviceId: request.deviceId,
        remote: call.values.get(remoteAddress),
      };
      await recorded(context, "password change", credentials, () =>
        changePassword(context, credentials, new Secret(request.newPassword)),
      );
      return {};
    },

    async dial(request, call) {
      const state = await signInOf(context, bearer(call, "sign_in_expired"));
      call.values.set(tokenOwner, state.accountId);
      const { session, token } = await dial(context, state, {
        publicKey: request.publicKey,
        mode: request.mode === Mode.SYSTEM ? "system" : "proxy",
        accessPoint: request.accessPointId,
      });
      return { session: sessionMessage(session, token.reveal()) };
    },
  };
}
