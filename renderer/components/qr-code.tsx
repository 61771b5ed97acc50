import { useMemo } from "react";
import { encode } from "uqr";
import "./qr-code.css";

/** Modules that have to be light around it, or no camera finds it. */
const quietZone = 4;

/** A text for a camera. Dark on light in every theme: many readers know nothing else. */
export const QrCode = ({ text, label }: { text: string; label: string }) => {
  const { size, path } = useMemo(() => {
    const code = encode(text, { ecc: "M", border: quietZone });
    return { size: code.size, path: pathOf(code.data) };
  }, [text]);
  return (
    <svg className="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};

/** A stroke for each run of dark modules in a row. */
const pathOf = (rows: boolean[][]): string => {
  let path = "";
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      const from = x;
      while (row[x]) x += 1;
      if (x > from) path += `M${from} ${y}h${x - from}v1H${from}z`;
    }
  }
  return path;
};
