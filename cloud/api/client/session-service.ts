import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { EventsResponseSchema, SessionService } from "#proto/client/v1/session_pb.js";
import { heartbeatMs } from "../../domain/accesspoints/stream.ts";
import type { Context } from "../../domain/context.ts";
import { revisionFor } from "../../domain/sessions/profile.ts";
import { hangUp, renew, sessionOf } from "../../domain/sessions/renew.ts";
import { Signal } from "../../domain/signal.ts";
import type { SessionEvent } from "../../store/shared/events.ts";
import { hello } from "../hello.ts";
import { bearer, tokenOwner } from "../http/caller.ts";
import { failureOf } from "../http/errors.ts";
import { sessionMessage } from "./convert.ts";

/**
 * The SessionService, which sag-tunnel calls for its own session. `pins` returns the SPKI pins of this server's keys: in use,
 * then next or spare.
 */
export function sessionService(context: Context, pins: () => Uint8Array[]): ServiceImpl<typeof SessionService> {
  return {
    async renew(request, call) {
      const key = request.publicKey.length > 0 ? request.publicKey : undefined;
      const token = bearer(call, "session_expired");
      call.values.set(tokenOwner, (await sessionOf(context, token)).accountId);
      const session = await renew(context, token, key);
      return { session: sessionMessage(session, ""), spkiPins: pins() };
    },

    async hangUp(_request, call) {
      call.values.set(tokenOwner, await hangUp(context, bearer(call, "session_expired")));
      return {};
    },

    async *events(_request, call): AsyncGenerator<MessageInitShape<typeof EventsResponseSchema>> {
      const token = bearer(call, "session_expired");
      const row = await sessionOf(context, token);
      call.values.set(tokenOwner, row.accountId);
      const waiting: SessionEvent[] = [];
      const arrived = new Signal();
      const unsubscribe = context.events.subscribe(row.id, row.instanceId, (event) => {
        waiting.push(event);
        arrived.set();
      });
      try {
        // Check again after subscribing, otherwise a session that ended in between would never be reported.
        await sessionOf(context, token);
        let sentRevision = await revisionFor(context, row);
        yield { event: { case: "opened", value: { hello: hello(), profileRevision: sentRevision } } };
        while (!call.signal.aborted) {
          const hasArrived = await arrived.wait(heartbeatMs, call.signal);
          if (call.signal.aborted) return;
          if (!hasArrived) yield { event: { case: "heartbeat", value: {} } };
          for (const event of waiting.splice(0)) {
            if (event.kind === "ended") {
              yield { event: { case: "ended", value: failureOf(event.why) } };
              return;
            }
            if (event.kind === "message") yield { event: { case: "message", value: { text: event.text } } };
            if (event.kind === "profile" && event.revision !== sentRevision) {
              sentRevision = event.revision;
              yield { event: { case: "profileChanged", value: { profileRevision: sentRevision } } };
            }
          }
        }
      } finally {
        unsubscribe();
      }
    },
  };
}
