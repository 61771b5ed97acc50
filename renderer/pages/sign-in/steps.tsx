import { Credentials } from "./credentials.tsx";
import { Forgotten } from "./forgotten.tsx";
import { Identity } from "./identity.tsx";
import { NewPassword } from "./new-password.tsx";
import { Otp } from "./otp.tsx";
import { Reset } from "./reset.tsx";
import { SetUp } from "./set-up.tsx";
import type { useSignIn } from "./use-sign-in.ts";

interface Props {
  name: string;
  server: string;
  userName: string;
  use: ReturnType<typeof useSignIn>;
}

/** Renders the current step of the sign-in flow. */
export const Steps = ({ name, server, userName, use }: Props) => {
  const { flow } = use;
  if (flow.step === "identity" && flow.question) return <Identity question={flow.question} onAnswer={use.trust} />;
  if (flow.step === "otp") return <Otp flow={flow} onCode={use.withCode} onEdit={use.edited} />;
  if (flow.step === "set_up" && flow.key) {
    return <SetUp name={name} made={flow.key} flow={flow} onCode={use.withCode} onEdit={use.edited} />;
  }
  if (flow.step === "new_password")
    return <NewPassword flow={flow} onPassword={use.changePassword} onEdit={use.edited} />;
  if (flow.step === "forgotten")
    return <Forgotten userName={use.userName()} flow={flow} onUserName={use.askForCode} onEdit={use.edited} />;
  if (flow.step === "reset") {
    return (
      <Reset
        name={name}
        userName={use.userName()}
        flow={flow}
        onReset={use.resetPassword}
        onAgain={use.forgottenAgain}
        onEdit={use.edited}
      />
    );
  }
  return (
    <Credentials
      name={name}
      server={server}
      userName={use.userName() || userName}
      password={use.password()}
      flow={flow}
      onSignIn={use.signIn}
      onForgotten={use.forgotten}
      onEdit={use.edited}
    />
  );
};
