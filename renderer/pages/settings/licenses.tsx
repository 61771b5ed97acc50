import { useState } from "react";
import { texts } from "../../../common/text/window.ts";
import { bridge } from "../../app/bridge.ts";
import { Button } from "../../components/button.tsx";

/** Opens the licences of the built-in components in the system's text viewer. */
export const Licenses = () => {
  const [trouble, setTrouble] = useState("");
  const open = async () => {
    const answer = await bridge.call("openLicenses");
    setTrouble(answer.ok ? "" : answer.failure.message);
  };
  return (
    <>
      <p>
        <Button onPress={open}>{texts.window.settings.licenses}</Button>
      </p>
      {trouble ? <p role="alert">{trouble}</p> : null}
    </>
  );
};
