import { useEffect, useReducer, useRef } from "react";
import type { CallArgument } from "../../../electron/bridge.ts";
import { bridge } from "../../app/bridge.ts";
import { useStore } from "../../app/store.ts";
import { begin, next } from "./flow.ts";

type Invitation = CallArgument<"signIn">["invitation"];

/** Runs the sign-in flow over the bridge. The input is kept only here, and only until the flow ends. */
export const useSignIn = (invitation: Invitation, trusted?: string) => {
  const [flow, dispatch] = useReducer(next, { ...begin, trust: trusted });
  const go = useStore((state) => state.go);
  const typed = useRef({ userName: "", password: "", otp: "", inFile: false });

  // Checked before a password is typed. Other store errors are reported by signing in.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, where the person comes to this page
  useEffect(() => {
    let here = true;
    void bridge.call("checkStore", { invitation }).then((answer) => {
      if (here && !answer.ok && answer.failure.cause === "keychain_unavailable") dispatch({ kind: "noKeychain" });
    });
    return () => {
      here = false;
    };
  }, []);

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
    // A code is valid for one attempt.
    typed.current.otp = "";
    dispatch({ kind: "answered", answer });
    if (!answer.ok) {
      const { cause, field } = answer.failure;
      if (cause === "second_factor_required" && field === "second_factor") await makeKey();
      return;
    }
    typed.current = { userName: "", password: "", otp: "", inFile: false };
    go("main");
  };

  /** The account and its server. */
  const account = () => ({
    invitation,
    userName: typed.current.userName,
    ...(flow.trust ? { trust: flow.trust } : {}),
  });

  const makeKey = async () => {
    const { password } = typed.current;
    dispatch({ kind: "keyMade", answer: await bridge.call("enrolSecondFactor", { ...account(), password }) });
  };

  return {
    flow,
    /** The user name typed last; "" = none yet. */
    userName: () => typed.current.userName,
    password: () => typed.current.password,
    /** Goes back one step; undefined at the first. */
    back: flow.step === "credentials" || flow.step === "identity" ? undefined : () => dispatch({ kind: "back" }),
    edited: () => dispatch({ kind: "edited" }),
    forgottenAgain: () => dispatch({ kind: "forgotten" }),
    forgotten: (userName: string) => {
      typed.current.userName = userName;
      dispatch({ kind: "forgotten" });
    },
    askForCode: async (userName: string) => {
      typed.current.userName = userName;
      dispatch({ kind: "sent" });
      dispatch({ kind: "codeAsked", answer: await bridge.call("forgotPassword", account()) });
    },
    resetPassword: async (code: string, newPassword: string) => {
      dispatch({ kind: "sent" });
      const answer = await bridge.call("resetPassword", { ...account(), code, newPassword });
      dispatch({ kind: "passwordReset", answer });
      if (answer.ok) await send({ password: newPassword });
    },
    signIn: (userName: string, password: string, inFile: boolean) => send({ userName, password, inFile }),
    withCode: (otp: string) => send({ otp }),
    changePassword: async (newPassword: string, otp: string) => {
      const { password } = typed.current;
      dispatch({ kind: "sent" });
      const answer = await bridge.call("changePassword", {
        ...account(),
        password,
        newPassword,
        ...(otp ? { otp } : {}),
      });
      dispatch({ kind: "passwordChanged", answer });
      if (answer.ok) await send({ password: newPassword });
    },
    trust: (yes: boolean) => {
      const fingerprint = flow.question?.fingerprint;
      dispatch({ kind: yes ? "trusted" : "distrusted" });
      // The sign-in was not sent before the question, so it is sent now.
      if (yes && fingerprint && typed.current.password) void send({}, fingerprint);
    },
  };
};
