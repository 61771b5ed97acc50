import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { EventsResponseSchema, SessionService } from "#proto/client/v1/session_pb.js";
import { heartbeatMs } from "../../domain/accesspoints/stream.ts";
import { Bell } from "../../domain/bell.ts";
import type { Context } from "../../domain/context.ts";
import type { SessionEvent } from "../../domain/sessions/events.ts";
import { revisionFor } from "../../domain/sessions/profile.ts";
import { hangUp, renew, sessionOf } from "../../domain/sessions/renew.ts";
import { hello } from "../hello.ts";
import { bearer } from "../http/caller.ts";
import { failureOf } from "../http/errors.ts";
import { sessionMessage } from "./convert.ts";

/** What sag-tunnel does with its own session. */
export function sessionService(context: Context): ServiceImpl<typeof SessionService> {
  return {
    async renew(request, call) {
      const key = request.publicKey.length > 0 ? request.publicKey : undefined;
      const session = await renew(context, bearer(call, "session_expired"), key);
      return { session: sessionMessage(session, "") };
    },

    async hangUp(_request, call) {
      await hangUp(context, bearer(call, "session_expired"));
      return {};
    },

    async *events(_request, call): AsyncGenerator<MessageInitShape<typeof EventsResponseSchema>> {
      const token = bearer(call, "session_expired");
      const row = await sessionOf(context, token);
      const waiting: SessionEvent[] = [];
      const bell = new Bell();
      const unsubscribe = context.events.subscribe(row.id, row.instance_id, (event) => {
        waiting.push(event);
        bell.ring();
      });
      try {
        // Looked at again after subscribing: what ended in between would never be told.
        await sessionOf(context, token);
        let told = await revisionFor(context, row);
        yield { event: { case: "opened", value: { hello: hello(), profileRevision: told } } };
        while (!call.signal.aborted) {
          const rung = await bell.wait(heartbeatMs, call.signal);
          if (call.signal.aborted) return;
          if (!rung) yield { event: { case: "heartbeat", value: {} } };
          for (const event of waiting.splice(0)) {
            if (event.kind === "ended") {
              yield { event: { case: "ended", value: failureOf(event.why) } };
              return;
            }
            if (event.kind === "message") yield { event: { case: "message", value: { text: event.text } } };
            if (event.kind === "profile" && event.revision !== told) {
              told = event.revision;
              yield { event: { case: "profileChanged", value: { profileRevision: told } } };
            }
          }
        }
      } finally {
        unsubscribe();
      }
    },
  };
}
