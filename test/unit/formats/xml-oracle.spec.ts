import { expect } from "chai";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { checkFrame } from "../../../core/formats/read.ts";
import { LIMITS } from "../../../core/limits.ts";

/** Whether saxes, a parser made by others, takes a document; a DOCTYPE counts as refused, as it is with us. */
function takenBySaxes(text: string): boolean {
  const parser = new SaxesParser({ xmlns: true });
  let taken = true;
  const refuse = () => void (taken = false);
  parser.on("error", refuse);
  parser.on("doctype", refuse);
  parser.write(text).close();
  return taken;
}

async function takenByUs(text: string): Promise<boolean> {
  const bytes = async function* () {
    yield Buffer.from(text);
  };
  return checkFrame(bytes(), { format: "xml", records: ["/r", "/e"] }, LIMITS).then(
    () => true,
    () => false,
  );
}

/** Pieces that XML is made of, and that break it. */
const PIECES = [
  "<e>",
  "</e>",
  "<e/>",
  "<r>",
  "</r>",
  "<p:e xmlns:p='u'>",
  "</p:e>",
  "<e a='1'>",
  "<e a='1' b=\"2\"/>",
  "<e a='1' a='2'/>",
  "<e p:a='1'/>",
  "text",
  "&amp;",
  "&#65;",
  "&#x1F600;",
  "&#0;",
  "&#xD800;",
  "&nbsp;",
  "&",
  "&;",
  "<",
  ">",
  "]]>",
  "]]",
  "<![CDATA[x]]>",
  "<![CDATA[",
  "<!-- c -->",
  "<!-- -- -->",
  "<!--->",
  "<?pi x?>",
  "<?xml version='1.0'?>",
  "<?xml?>",
  "<?pi",
  "<!DOCTYPE r>",
  "\n",
  " ",
  "\t",
  "\r\n",
  "é",
  "漢",
  "😀",
  "\u0000",
  "\u0001",
  "\uFFFE",
  "<e >",
  "</e >",
  "< e>",
  "<1>",
  "<e a=1>",
  "<e a='<'>",
  "<e a='&lt;'/>",
  "<e a='1'b='2'/>",
  "<xml:e/>",
  "<e xml:lang='en'/>",
  "<e xmlns=''/>",
  "<e xmlns:xml='u'/>",
  "<e xmlns:p=''/>",
  "<e:e:e/>",
  "<:e/>",
  "<e:/>",
  "'",
  '"',
  "=",
  "/",
  "?>",
];

describe("XML, beside a parser made by others", () => {
  const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(""));
  const documents = fc.oneof(
    soup,
    soup.map((inside) => `<r>${inside}</r>`),
    fc.tuple(soup, soup).map(([inside, behind]) => `<?xml version="1.0" encoding="UTF-8"?>\n<r>${inside}</r>${behind}`),
  );

  it("is taken or refused alike, whatever it is made of", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(documents, async (text) => {
        const theirs = takenBySaxes(text);
        if (theirs) taken += 1;
        expect(await takenByUs(text), JSON.stringify(text)).to.equal(theirs);
      }),
      { numRuns: 3000 },
    );
    expect(taken, "documents that are whole").to.be.greaterThan(100);
  });
});
