/** Whole seconds or milliseconds in UTC, on a day that its month has in every year. */
const PLAIN =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;

/**
 * True for most of the instants that there are: `2026-03-01T09:30:00Z`, surely right, and but for milliseconds of `.000` in the form in which
 * all are kept. Of any other text it says nothing: whoever asks looks closer then, which costs ten times as much.
 */
export const isPlainInstant = (text: string): boolean => PLAIN.test(text);
