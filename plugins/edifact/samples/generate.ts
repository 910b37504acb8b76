import { centsText, type GenerateOptions, seededNumbers } from "../../../core/plugin/contract.ts";

const PRODUCTS = [
  ["4054321000114", "Kuvert C5, weiß"],
  ["4054321000121", "Packband:50 mm"],
  ["4054321000138", "Versandkarton 30 x 20"],
  ["4054321000145", "Etiketten 500?+50"],
] as const;
const BUYERS = 20;
const SUPPLIER = "4054321000008";
const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);

function messageOf(index: number, options: GenerateOptions, isBad: boolean, next: (below: number) => number): string {
  const reference = index + 1;
  const buyer = options.buyer?.replace(/^party:/, "") ?? `40123450${(10_000 + next(BUYERS)).toString()}`;
  const stamp = new Date(START_MS + index * 61_000).toISOString().replaceAll(/[-T:]/g, "").slice(0, 12);
  const segments = [
    `UNH+${reference}+ORDERS:D:96A:UN:EAN008`,
    `BGM+220+${(options.seed ?? 1).toString().padStart(5, "0")}${index.toString().padStart(8, "0")}+9`,
    `DTM+137:${stamp}:203`,
    `NAD+BY+${buyer}::9`,
    `NAD+SU+${SUPPLIER}::9++Nordhafen Papier GmbH`,
    "CUX+2:EUR:9",
  ];
  const lines = 1 + next(3);
  for (let line = 1; line <= lines; line += 1) {
    const [article, name] = PRODUCTS[next(PRODUCTS.length)] ?? PRODUCTS[0];
    const price = isBad && line === 1 ? "12.3x" : centsText(BigInt(90 + next(5000)));
    segments.push(`LIN+${line}++${article}:EN`, `IMD+F++:::${name}`, `QTY+21:${1 + next(40)}:PCE`, `PRI+AAA:${price}`);
  }
  segments.push("UNS+S", `CNT+2:${lines}`);
  return [...segments, `UNT+${segments.length + 1}+${reference}`].map((segment) => `${segment}'\n`).join("");
}

/**
 * The text, in pieces, of an interchange of `count` orders with prices, with made-up data.
 * @example for (const piece of generate(1000, { seed: 7 })) stream.write(piece)
 */
export function* generate(count: number, options: GenerateOptions = {}): Generator<string> {
  const next = seededNumbers(options.seed ?? 1);
  const bad = new Set(options.bad ?? []);
  yield "UNA:+.? '\nUNB+UNOC:3+4012345000009:14+4054321000008:14+260309:0815+4711'\n";
  for (let index = 0; index < count; index += 1) yield messageOf(index, options, bad.has(index), next);
  yield `UNZ+${count}+4711'\n`;
}
