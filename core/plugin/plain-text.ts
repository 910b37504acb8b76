/** One line of text: white space collapsed, marks that turn the writing direction taken out, cut at `chars`. */
export const plainText = (text: string, chars: number): string =>
  text
    .replaceAll(/\p{Bidi_Control}/gu, "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, chars)
    .toWellFormed();
