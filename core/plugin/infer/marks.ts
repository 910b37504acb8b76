import { plainText } from "../plain-text.ts";

/** What marks a line that its author has to fill in or look at. */
export const MARK = "NEEDED";

/** Makes the comment of a marked line and keeps its reason. Names of the sample's fields stand in reasons: they must not end the comment. */
export const markerOf =
  (needed: string[]) =>
  (reason: string): string => {
    const text = plainText(reason, 300);
    needed.push(text);
    return `// ${MARK}: ${text}`;
  };
