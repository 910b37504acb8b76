import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { unpackTar } from "modern-tar";
import type { Call } from "../../../core/actions.ts";
import { type Manifest, pack, textMember } from "../../../core/evidence/archive.ts";
import { evidencePack } from "../../../core/evidence/collect.ts";
import { verifyPack } from "../../../core/evidence/verify.ts";
import { FILES, type StoredFile } from "../../../core/files/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { ORDERS, type StoredOrder } from "../../../core/orders/model.ts";
import { openTill, type Till } from "../../support/till.ts";

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

async function verify(bytes: Buffer, keys: readonly Uint8Array[] = []) {
  const faults: string[] = [];
  const archive = {
    bytes: bytes.length,
    read: (from: number, to: number) => Readable.from([bytes.subarray(from, to)]),
  };
  const report = await verifyPack(archive, keys, (member, what) => void faults.push(`${member}: ${what}`));
  return { faults, report };
}

const MADE_AT = "2026-03-01T12:00:00.000Z";
const usd = (value: string) => ({ value, currency: "USD" });
const payment = { id: "pay_1", total: usd("1.00"), orders: [{ amount: usd("1.00") }] };

async function small(members = [textMember("payment.ndjson", `${JSON.stringify(payment)}\n`)]): Promise<Buffer> {
  const listed = members.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  const manifest: Manifest = { format: "mergepay-evidence-1", paymentId: "pay_1", madeAt: MADE_AT, members: listed };
  return whole(pack(manifest, members));
}

describe("An evidence pack", () => {
  it("is a tar.gz that any tool unpacks, with a manifest of hashes first", async () => {
    const bytes = await small();
    const [manifest, member, ...more] = await unpackTar(gunzipSync(bytes));
    expect([manifest?.header.name, member?.header.name, more.length]).to.deep.equal([
      "manifest.json",
      "payment.ndjson",
      0,
    ]);
    const { members } = JSON.parse(Buffer.from(manifest?.data ?? []).toString()) as Manifest;
    expect(members[0]?.sha256).to.equal(
      createHash("sha256")
        .update(member?.data ?? "")
        .digest("hex"),
    );
    expect((await verify(bytes)).faults).to.deep.equal([]);
  });

  it("is told from any in which one byte, whichever, is another", async () => {
    const bytes = await small();
    const passed: number[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      if ((await verify(flipped)).faults.length === 0) passed.push(at);
    }
    expect(bytes.length).to.be.greaterThan(400);
    expect(passed).to.deep.equal([]);
  }).timeout(60_000);

  it("is told from one that is cut off anywhere, or has a byte more", async () => {
    const bytes = await small();
    for (const length of [0, 1, 20, bytes.length >> 1, bytes.length - 1])
      expect((await verify(bytes.subarray(0, length))).faults, `${length}`).not.to.deep.equal([]);
    expect((await verify(Buffer.concat([bytes, Buffer.from([0])]))).faults).not.to.deep.equal([]);
  });

  it("names the member that was changed, also where the rest was made to fit", async () => {
    const other = { ...payment, total: usd("2.00") };
    const [manifest] = await unpackTar(gunzipSync(await small()));
    const listed = JSON.parse(Buffer.from(manifest?.data ?? []).toString()) as Manifest;
    const members = [textMember("payment.ndjson", `${JSON.stringify(other)}\n`)];
    // The manifest of the first pack over the member of another one.
    const forged = await whole(pack(listed, members));
    expect((await verify(forged)).faults).to.deep.equal([
      "payment.ndjson: was changed: it is not what the manifest says",
    ]);
  });

  it("is not one where members are missing, in another order, or more than the manifest has", async () => {
    const [a, b] = [textMember("payment.ndjson", `${JSON.stringify(payment)}\n`), textMember("b.ndjson", "{}\n")];
    const listed = [a, b].map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
    const manifest: Manifest = { format: "mergepay-evidence-1", paymentId: "pay_1", madeAt: MADE_AT, members: listed };
    for (const [members, told] of [
      [[a], "b.ndjson: is missing"],
      [[b, a], "payment.ndjson: is not where the manifest has it; b.ndjson is there"],
      [[a, b, textMember("c.ndjson", "{}\n")], "c.ndjson: is not where the manifest has it; c.ndjson is there"],
    ] as const)
      expect((await verify(await whole(pack(manifest, members)))).faults).to.include(told);
  });

  it("is refused where its bytes differ and unpack to the same", async () => {
    const bytes = await small();
    const again = Buffer.concat([gzipSync(gunzipSync(bytes), { level: 1 }), bytes.subarray(-200)]);
    expect((await verify(again)).faults).not.to.deep.equal([]);
  });

  it("fails while it is made when a file's bytes are not those that were recorded", async () => {
    const member = { ...textMember("files/f", "abc"), sha256: "0".repeat(64) };
    const failed = await small([member]).catch((error: unknown) => String(error));
    expect(failed).to.include("files/f are not those that were recorded");
  });

  describe("of a payment", () => {
    let till: Till;
    let bytes: Buffer;
    let id: string;
    before(async () => {
      till = await openTill();
      const { house, store } = till;
      await till.seed(3);
      // The files that the orders came in, with their bytes.
      const files = await store.collection<StoredFile>(FILES);
      const orders = await (await store.collection<StoredOrder>(ORDERS)).find({}).toArray();
      for (const { source, platform } of orders) {
        const content = Buffer.from(`the file of ${platform}`);
        await store.blobs.put(source.fileId, Readable.from([content]));
        const sha256 = createHash("sha256").update(content).digest("hex");
        await files.insertOne({ _id: source.fileId, platform, sha256, bytes: content.length } as StoredFile);
      }
      await house.core.services.notify.createEndpoint({ platform: "alpha", url: "https://alpha.example/h" });
      ({ id } = await till.pay("k1"));
      await house.core.services.notify.relay();
      await house.core.services.ledger.seal();
      while ((await house.core.services.audit.run()) > 0);
      const call = ((_name: string, params: { paymentId: string }) =>
        house.core.services.evidence.read(params)) as unknown as Call;
      bytes = await whole(await evidencePack({ call, blobs: store.blobs, now: till.clock.now }, id));
    });
    after(() => till.drop());

    it("holds file, orders, instruction, answer, lines, entries with their blocks, notices and decisions", async () => {
      const entries = await unpackTar(gunzipSync(bytes));
      const linesOf = (name: string): Record<string, unknown>[] => {
        const data = entries.find(({ header }) => header.name === `${name}.ndjson`)?.data ?? new Uint8Array();
        const lines = Buffer.from(data).toString("utf8").split("\n");
        return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
      };
      expect(linesOf("payment")[0]).to.include({ id, state: "succeeded" });
      expect(linesOf("payment")[0]?.deduction).to.include({ sends: 1 }).and.to.have.property("bankReference");
      expect(linesOf("orders")).to.have.length(3);
      expect(linesOf("settlement-lines")).to.have.length(3);
      expect(linesOf("journal")).to.have.length(1);
      expect(linesOf("journal-blocks")).to.have.length(1);
      expect(linesOf("events").map(({ type }) => type)).to.have.members([
        "payment.succeeded",
        "orders.paid",
        "orders.paid",
        "orders.paid",
      ]);
      expect(linesOf("deliveries")).to.have.length(1);
      expect(linesOf("audit").map(({ what }) => what)).to.include.members(["payment.asked", "payment.succeeded"]);
      const files = entries.filter(({ header }) => header.name.startsWith("files/"));
      expect(files.map(({ data }) => Buffer.from(data ?? []).toString())).to.have.members([
        "the file of alpha",
        "the file of beta",
        "the file of gamma",
      ]);
      expect(gunzipSync(bytes).includes("token-of-ann")).to.equal(false);
    });

    it("verifies without the store, and names its blocks", async () => {
      const { faults, report } = await verify(bytes);
      expect(faults).to.deep.equal([]);
      expect(report).to.include({
        paymentId: id,
        madeAt: MADE_AT,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
      expect(report.blocks.join()).to.match(/^journal 1:[0-9a-f]{64},audit 1:[0-9a-f]{64}$/);
    });

    it("names the member in which a byte was changed", async () => {
      const told = new Set<string>();
      for (let at = 300; at < bytes.length; at += 61) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (bytes[at] ?? 0) ^ 16;
        const { faults } = await verify(flipped);
        expect(faults, `byte ${at}`).not.to.deep.equal([]);
        expect(faults.join("\n"), `byte ${at}`).not.to.include("()");
        told.add((faults[0] ?? "").split(":")[0] ?? "");
      }
      expect(told.size, [...told].join()).to.be.greaterThan(3);
    }).timeout(30_000);

    it("says what its members say against each other, when they were made anew with the manifest", async () => {
      const entries = (await unpackTar(gunzipSync(bytes))).slice(1);
      const remade = entries.map(({ header: { name }, data }) => {
        const text = Buffer.from(data ?? []).toString("utf8");
        return textMember(name, name === "journal.ndjson" ? text.replaceAll("shop", "mine") : text);
      });
      const listed = remade.map(({ name, bytes: size, sha256 }) => ({ name, bytes: size, sha256 }));
      const manifest: Manifest = { format: "mergepay-evidence-1", paymentId: id, madeAt: MADE_AT, members: listed };
      const { faults } = await verify(await whole(pack(manifest, remade)));
      expect(faults.join()).to.match(/^journal\.ndjson: jrn_\w+ is not what its block has$/);
    });

    it("is not made of a payment that is not there", async () => {
      const call = ((_name: string, params: { paymentId: string }) =>
        till.house.core.services.evidence.read(params)) as unknown as Call;
      const given = { call, blobs: till.store.blobs, now: till.clock.now };
      const refused = await evidencePack(given, `pay_${"0".repeat(26)}`).catch(
        (error: { type?: string }) => error.type,
      );
      expect(refused).to.equal("NOT_FOUND");
      const payments = await till.store.collection<StoredPayment>(PAYMENTS);
      expect(await payments.countDocuments({})).to.equal(1);
    });
  });
});
