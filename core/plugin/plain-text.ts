/** Nothing to be done: letters, digits and marks of ASCII with single blanks between them, as most texts are. */
const PLAIN = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** One line of text: white space collapsed, marks that turn the writing direction taken out, cut at `chars`. */
export const plainText = (text: string, chars: number): string =>
  PLAIN.test(text)
    ? text.slice(0, chars)
    : text
        .replaceAll(/\p{Bidi_Control}/gu, "")
        .replaceAll(/[\s\p{Cc}]+/gu, " ")
        .trim()
        .slice(0, chars)
        .toWellFormed();
