import { expect } from "chai";
import fc from "fast-check";
import { LIMITS } from "../../../core/limits.ts";
import { minorOfMoney, moneyOf } from "../../../core/money/money.ts";
import type { StatementLine } from "../../../core/plugin/bank-contract.ts";
import type { CamtFile } from "../../../core/reconciliation/camt.ts";
import { readStatement } from "../../../core/reconciliation/file.ts";
import type { Store } from "../../../core/store/contract.ts";
import { camt, type CamtEntry, type CamtStatement } from "../../support/camt.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const DED = `ded_${"0".repeat(26)}`;
const PYO = `pyo_${"0".repeat(26)}`;
const ENTRY: CamtEntry = {
  amount: ["4.50", "USD"],
  direction: "CRDT",
  reference: "B-1",
  parts: [{ endToEndId: DED }],
};

async function* inPieces(text: string, size = 97): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string, zone = "UTC", limits = LIMITS): Promise<CamtFile> =>
  readStatement({ store: { blobs: { open: () => inPieces(text) } } as unknown as Store, limits }, "any", zone);
const linesOf = async (entries: readonly CamtEntry[], more: Partial<CamtStatement> = {}, zone?: string) =>
  (await read(camt({ ...more, entries }), zone)).lines;

describe("a statement in ISO 20022", () => {
  for (const message of ["053", "054"] as const)
    for (const version of ["02", "04", "08"] as const)
      it(`camt.${message}.001.${version} gives a line for each transaction that is booked`, async () => {
        const file = await read(
          camt({ message, version, entries: [ENTRY, { ...ENTRY, status: "PDNG" }, { ...ENTRY, status: "INFO" }] }),
        );
        expect(file).to.include({ statements: 1, entries: 3, pending: 2 });
        expect(file.lines).to.deep.equal([
          {
            bankReference: "B-1",
            bankRequestId: DED,
            amount: { value: "4.50", currency: "USD" },
            direction: "credit",
            bookedAt: "2026-03-01T00:00:00.000Z",
          },
        ]);
      });

  const named: readonly [name: string, entry: Partial<CamtEntry>, line: Partial<StatementLine>][] = [
    ["InstrId where EndToEndId is not ours", { parts: [{ endToEndId: "X", instrId: PYO }] }, { bankRequestId: PYO }],
    [
      "the id of a bank without underscores",
      { parts: [{ endToEndId: DED.replace("_", "-") }] },
      { bankRequestId: DED },
    ],
    ["an id that is none of ours", { parts: [{ endToEndId: "their own" }] }, { bankRequestId: "their own" }],
    ["the booking of the transaction", { parts: [{ endToEndId: DED, reference: "T-9" }] }, { bankReference: "T-9" }],
    ["a payout", { direction: "DBIT", parts: [{ endToEndId: PYO }] }, { direction: "debit", bankRequestId: PYO }],
    ["a reversal", { direction: "DBIT", reversal: true }, { direction: "debit", reversal: true }],
    ["a return", { parts: [{ endToEndId: DED, returned: true }] }, { reversal: true }],
    [
      "more zeros than the currency has",
      { amount: ["4.50000", "USD"] },
      { amount: { value: "4.50", currency: "USD" } },
    ],
    ["fewer decimals", { amount: ["4", "USD"] }, { amount: { value: "4.00", currency: "USD" } }],
  ];
  for (const [name, entry, line] of named)
    it(`is read: ${name}`, async () => {
      const lines = await linesOf([{ ...ENTRY, ...entry }]);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.deep.include(line);
    });

  it("names no instruction where the bank says NOTPROVIDED", async () => {
    const [line] = await linesOf([{ ...ENTRY, parts: [{}] }]);
    expect(line).not.to.have.property("bankRequestId");
    const bare = await linesOf([
      { amount: ["4.50", "USD"], direction: "CRDT" },
      { amount: ["1", "USD"], direction: "CRDT" },
    ]);
    expect(bare.map(({ bankReference }) => bankReference)).to.deep.equal(["S-1/1", "S-1/2"]);
  });

  const times: readonly [booked: string, zone: string, at: string][] = [
    ["2026-03-01", "UTC", "2026-03-01T00:00:00.000Z"],
    ["2026-03-01", "Europe/Zurich", "2026-02-28T23:00:00.000Z"],
    ["2026-03-01+09:00", "UTC", "2026-02-28T15:00:00.000Z"],
    ["2026-03-01T10:00:00+01:00", "Asia/Tokyo", "2026-03-01T09:00:00.000Z"],
    ["2026-03-01T10:00:00.123456Z", "UTC", "2026-03-01T10:00:00.123Z"],
    ["2026-07-01T10:00:00", "Europe/Zurich", "2026-07-01T08:00:00.000Z"],
  ];
  for (const [booked, zone, at] of times)
    it(`that is booked ${booked} in ${zone} is booked at ${at}`, async () => {
      expect((await linesOf([{ ...ENTRY, booked }], {}, zone)).map(({ bookedAt }) => bookedAt)).to.deep.equal([at]);
    });

  describe("with a batch", () => {
    const part = (value: string, id: string, currency = "USD") => ({
      endToEndId: id,
      amount: [value, currency] as const,
    });
    for (const version of ["02", "04", "08"] as const)
      it(`of version ${version} is a line for each part, in the currency of the entry`, async () => {
        const entry: CamtEntry = { ...ENTRY, parts: [part("4.00", DED), part("0.5", PYO)] };
        const lines = await linesOf([entry], { version });
        expect(lines.map((line) => [line.bankReference, line.bankRequestId, line.amount.value])).to.deep.equal([
          ["B-1/1", DED, "4.00"],
          ["B-1/2", PYO, "0.50"],
        ]);
      });

    for (const [name, parts] of [
      ["are not its sum", [part("4.00", DED), part("0.49", PYO)]],
      ["are in another currency", [part("4.00", DED, "EUR"), part("0.50", PYO)]],
      ["have no amounts", [{ endToEndId: DED }, { endToEndId: PYO }]],
    ] as const)
      it(`whose parts ${name} is told and gives no line`, async () => {
        const file = await read(camt({ entries: [{ ...ENTRY, parts }] }));
        expect(file.lines).to.deep.equal([]);
        expect(file.odd).to.deep.equal([{ bankReference: "B-1", amount: { value: "4.50", currency: "USD" } }]);
      });

    it("of any amounts loses none of them", () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 10 ** 9 }), { minLength: 2, maxLength: 12 }),
          async (all) => {
            const sum = all.reduce((total, minor) => total + BigInt(minor), 0n);
            const parts = all.map((minor) => part(moneyOf(BigInt(minor), "USD").value, "x"));
            const lines = await linesOf([{ ...ENTRY, amount: [moneyOf(sum, "USD").value, "USD"], parts }]);
            expect(lines.map(({ amount }) => minorOfMoney(amount))).to.deep.equal(all.map(BigInt));
          },
        ),
        { numRuns: 30 },
      ));
  });

  const DAY = { from: "2026-03-01T00:00:00Z", to: "2026-03-01T23:59:59Z" };
  it("is the whole of its time and currency, when it is a statement and of one page", async () => {
    const [span] = (await read(camt({ ...DAY, entries: [ENTRY] }))).spans;
    expect([span?.from, span?.to, [...(span?.currencies ?? [])]]).to.deep.equal([
      "2026-03-01T00:00:00.000Z",
      "2026-03-02T00:00:00.000Z",
      ["USD"],
    ]);
    const partial: readonly Partial<CamtStatement>[] = [
      { ...DAY, message: "054" },
      { ...DAY, page: ["1", "false"] },
      { ...DAY, page: ["2", "true"] },
      {},
    ];
    for (const more of partial) expect((await read(camt({ ...more, entries: [] }))).spans).to.deep.equal([]);
    expect((await read(camt({ ...DAY, page: ["1", "true"], entries: [] }))).spans).to.have.length(1);
  });

  const good = camt({ entries: [ENTRY] });
  const refused: readonly [name: string, text: string, code: string, position?: string][] = [
    ["another namespace", good.replace("camt.053.001.08", "camt.052.001.08"), "STATEMENT_INVALID"],
    ["no namespace", good.replace(/ xmlns="[^"]*"/, ""), "STATEMENT_INVALID"],
    ["another message under its namespace", good.replaceAll("BkToCstmrStmt", "Other"), "STATEMENT_INVALID"],
    ["a DOCTYPE", good.replace("<Document", "<!DOCTYPE Document [<!ENTITY a 'b'>]><Document"), "FILE_FRAME_BROKEN"],
    ["an end that lacks", good.slice(0, -30), "FILE_FRAME_BROKEN"],
    ["no bytes", "", "FILE_EMPTY"],
    [
      "a currency that is none",
      good.replace('<Amt Ccy="USD">4.50', '<Amt Ccy="XYZ">4.50'),
      "STATEMENT_INVALID",
      "Ntry",
    ],
    ["decimals that the currency has not", good.replace(">4.50<", ">4.505<"), "STATEMENT_INVALID", "Ntry"],
    ["an amount below zero", good.replace(">4.50<", ">-4.50<"), "STATEMENT_INVALID", "Ntry"],
    ["a comment in an amount", good.replace(">4.50<", ">4<!-- -->.50<"), "STATEMENT_INVALID", "Ntry"],
    [
      "two amounts",
      good.replace("</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "</Amt><Amt Ccy='USD'>1</Amt><Sts>"),
      "STATEMENT_INVALID",
      "Ntry",
    ],
    [
      "a direction that is none",
      good.replace("CRDT</CdtDbtInd><Sts", "BOTH</CdtDbtInd><Sts"),
      "STATEMENT_INVALID",
      "Ntry",
    ],
    ["no status", good.replace(/<Sts>.*?<\/Sts>/, ""), "STATEMENT_INVALID", "Ntry"],
    [
      "a day that is not",
      good.replace("<BookgDt><Dt>2026-03-01", "<BookgDt><Dt>2026-02-30"),
      "STATEMENT_INVALID",
      "Ntry",
    ],
  ];
  for (const [name, text, code, place] of refused)
    it(`with ${name} is refused as ${code}`, async () => {
      const error = await refusal(read(text));
      expect(error.type, error.message).to.equal(code);
      if (place !== undefined) expect(error.data.position).to.match(new RegExp(`/${place}\\[1\\]$`));
    });

  it("that nests too deep is refused", async () => {
    const deep = good.replace("</Ntry>", `${"<X>".repeat(40)}${"</X>".repeat(40)}</Ntry>`);
    expect((await refusal(read(deep))).type).to.equal("STATEMENT_INVALID");
  });

  it("is refused for a zone that is none", async () => {
    expect((await refusal(read(good, "Mars/Base"))).type).to.equal("QUERY_INVALID");
  });
});

describe("a bank's own file against the books", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await till.seed(1, ["alpha"]);
  });
  afterEach(() => till.close(true));

  let blobs = 0;
  const services = () => till.house.core.services;
  async function give(text: string, dryRun = false) {
    blobs += 1;
    const id = `stm_${blobs}`;
    await till.store.blobs.put(id, inPieces(text));
    const params = { statementId: id, blobId: id, bank: "test", dryRun };
    return services().reconciliation.importFile(params);
  }
  const breaks = async () => (await services().reconciliation.breaks({})).items.map(({ kind }) => kind);
  const DAY = { from: "2026-03-01T00:00:00Z", to: "2026-03-01T23:59:59Z" };
  const entryOf = (id: string, value = "1.37"): CamtEntry => ({
    amount: [value, "USD"],
    direction: "CRDT",
    booked: "2026-03-01T12:00:00Z",
    reference: `ref-${id}`,
    parts: [{ endToEndId: id }],
  });
  async function unknown(): Promise<{ id: string; sent: string }> {
    till.bank.behave(() => "book-then-silence");
    const { id } = await till.pay("k1");
    return { id, sent: till.bank.sends[0] ?? "" };
  }

  it("ends what is unknown here; a dry run only says so", async () => {
    const { id, sent } = await unknown();
    const text = camt({ ...DAY, entries: [entryOf(sent)] });
    expect(await give(text, true)).to.include({ dryRun: true, ended: 1, lines: 1, breaks: 0 });
    expect((await till.get(id)).state).to.equal("unknown");
    expect(await give(text)).to.include({ dryRun: false, ended: 1, breaks: 0, entries: 1 });
    expect((await till.get(id)).state).to.equal("succeeded");
    expect(await give(text)).to.include({ agreed: 1, ended: 0, breaks: 0 });
  });

  it("says nothing of what it lists as pending", async () => {
    const { id, sent } = await unknown();
    const text = camt({ entries: [{ ...entryOf(sent), status: "PDNG" }] });
    expect(await give(text)).to.include({ ended: 0, asked: 0, pending: 1, lines: 0 });
    expect((await till.get(id)).state).to.equal("unknown");
  });

  it("of the whole time misses what is booked here, in its own currency only", async () => {
    await till.pay("k1");
    expect(await give(camt({ ...DAY, currency: "EUR", entries: [] }), true)).to.include({ breaks: 0 });
    expect(await give(camt({ ...DAY, entries: [] }), true)).to.include({ breaks: 1 });
    expect(await give(camt({ ...DAY, message: "054", entries: [] }), true)).to.include({ breaks: 0 });
    expect(await breaks(), "a dry run keeps no break").to.deep.equal([]);
  });

  it("knows a booking without an id by the bank's reference", async () => {
    const { deduction } = await till.pay("k1");
    const entry = { ...entryOf("x"), reference: deduction?.bankReference ?? "", parts: [{}] };
    expect(await give(camt({ ...DAY, entries: [entry] }))).to.include({ agreed: 1, breaks: 0 });
  });

  it("with a reversal or an odd batch breaks, and ends nothing", async () => {
    const { id, sent } = await unknown();
    const back: CamtEntry = { ...entryOf(sent), direction: "DBIT", reversal: true, reference: "back" };
    const odd: CamtEntry = {
      ...entryOf(sent, "9.00"),
      reference: "batch",
      parts: [
        { endToEndId: sent, amount: ["1.37", "USD"] },
        { endToEndId: "y", amount: ["1.00", "USD"] },
      ],
    };
    expect(await give(camt({ entries: [entryOf(sent), back, odd] }))).to.include({ ended: 0, asked: 1, breaks: 2 });
    expect(await breaks()).to.have.members(["reversed", "parts_differ"]);
    expect((await till.get(id)).state).to.equal("unknown");
    await services().mergePay.sweep();
  });

  it("of a bank that is not there is refused", async () => {
    const params = { statementId: "s", blobId: "s", bank: "nobody" };
    expect((await refusal(services().reconciliation.importFile(params))).type).to.equal("QUERY_INVALID");
  });
});
