import { useEffect, useState } from "react";
import { useNow } from "../../app/use-now.ts";
import { duration, words } from "../../i18n/en.ts";

/** How long the tunnel has been up; counts on by itself. */
export const Since = ({ since }: { since: number | null }) => {
  const now = useNow(10_000);
  if (since === null) return null;
  return <p className="quiet number">{words.age(duration(Math.max(0, now - since)))}</p>;
};

/** ms of waiting after which a person is told that it takes long. */
const long = 6000;

export const Waits = ({ text }: { text: string }) => {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), long);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className="waits" role="status">
      <span className="foreign">{text}</span>
      {isLong ? <span className="small"> {words.waits.long}</span> : null}
    </p>
  );
};
