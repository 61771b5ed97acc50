import { useReducer, useRef } from "react";
import type { CallArgument } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { useStore } from "../../app/store.ts";
import { begin, next } from "./flow.ts";

type Invitation = CallArgument<"signIn">["invitation"];

/** Drives the sign-in flow over the bridge. What was typed is kept here until it is done, and nowhere else. */
export const useSignIn = (invitation: Invitation, trusted?: string) => {
  const [flow, dispatch] = useReducer(next, { ...begin, trust: trusted });
  const go = useStore((state) => state.go);
  const typed = useRef({ userName: "", password: "", otp: "", inFile: false });

  const send = async (change: Partial<typeof typed.current>, trust = flow.trust) => {
    typed.current = { ...typed.current, ...change };
    const { userName, password, otp, inFile } = typed.current;
    dispatch({ kind: "sent" });
    const answer = await bridge.call("signIn", {
      invitation,
      userName,
      password,
      ...(otp ? { otp } : {}),
      ...(trust ? { trust } : {}),
      ...(inFile ? { inFile } : {}),
    });
    // A code is good for one attempt.
    typed.current.otp = "";
    dispatch({ kind: "answered", answer });
    if (!answer.ok) return;
    typed.current = { userName: "", password: "", otp: "", inFile: false };
    go("main");
  };

  return {
    flow,
    signIn: (userName: string, password: string, inFile: boolean) => send({ userName, password, inFile }),
    withCode: (otp: string) => send({ otp }),
    changePassword: async (newPassword: string, otp: string) => {
      const { userName, password } = typed.current;
      dispatch({ kind: "sent" });
      const answer = await bridge.call("changePassword", {
        invitation,
        userName,
        password,
        newPassword,
        ...(otp ? { otp } : {}),
        ...(flow.trust ? { trust: flow.trust } : {}),
      });
      dispatch({ kind: "passwordChanged", answer });
      if (answer.ok) await send({ password: newPassword });
    },
    trust: (yes: boolean) => {
      const fingerprint = flow.question?.fingerprint;
      dispatch({ kind: yes ? "trusted" : "distrusted" });
      // What was typed was not sent: it goes on from there.
      if (yes && fingerprint && typed.current.password) void send({}, fingerprint);
    },
  };
};
