import { expect } from "chai";
import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { MergepayError } from "../../../core/errors/errors.ts";
import { byteSource } from "../../../core/formats/byte-source.ts";
import { LIMITS } from "../../../core/limits.ts";
import { unpack } from "../../../core/formats/unpack.ts";
import { gzipWithAll, zipOf, type Part } from "./packing.ts";
import { pieces } from "./reading.ts";

const MIB = 1024 * 1024;

async function opened(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  sizes?: readonly number[],
  fileBytes = LIMITS.fileBytes,
): Promise<string> {
  const parts: Uint8Array[] = [];
  try {
    const file = source instanceof Uint8Array ? pieces(source, sizes) : source;
    const { office, bytes } = await unpack(file, fileBytes);
    for await (const part of bytes) parts.push(part);
    return office ? "an office document" : Buffer.concat(parts).toString();
  } catch (error) {
    if (!(error instanceof MergepayError)) throw error;
    return [error.type, ...(error.data.position === undefined ? [] : [error.data.position])].join(" @ ");
  }
}

const text = "id,total\n1,12.30\n2,8.00\n";
const zipped = (part: Partial<Part> = {}): Buffer => zipOf([{ content: text, ...part }]);
const gz = gzipSync(text);
const zip = zipped();
const BROKEN = "FILE_ARCHIVE_BROKEN";
const UNSUPPORTED = "FILE_ARCHIVE_UNSUPPORTED";

/** The bytes with one of them, counted from the end when below 0, turned over. */
function damaged(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}

describe("packed files", () => {
  const cases: readonly (readonly [name: string, file: Buffer, result: string])[] = [
    ["nothing at all is no packed file", Buffer.alloc(0), ""],
    ["a file that is not packed", Buffer.from(text), text],
    ["a file of one byte", Buffer.from("P"), "P"],
    ["a file that begins like a packed one and is none", Buffer.from("PKW,total\n"), "PKW,total\n"],
    ["gzip", gz, text],
    ["gzip with name, comment, extra field and sum of its header", gzipWithAll(text), text],
    ["gzip whose header does not fit its sum", damaged(gzipWithAll(text), 12), `${BROKEN} @ byte 0`],
    ["gzip of several members is one file", Buffer.concat([gz, gzipWithAll("3,1.00\n"), gz]), `${text}3,1.00\n${text}`],
    ["gzip with an empty member at its end", Buffer.concat([gz, gzipSync("")]), text],
    ["gzip of nothing", gzipSync(""), ""],
    ["gzip of a later kind", damaged(gz, 3), `${BROKEN} @ byte 0`],
    ["gzip with a wrong sum", damaged(gz, -8), `${BROKEN} @ byte ${gz.length - 8}`],
    ["gzip with a wrong length", damaged(gz, -4), `${BROKEN} @ byte ${gz.length - 8}`],
    ["gzip with a wrong byte inside", damaged(gz, 10), `${BROKEN} @ byte 10`],
    ["gzip followed by text", Buffer.concat([gz, Buffer.from("x")]), `${BROKEN} @ byte ${gz.length}`],
    ["gzip followed by zeros", Buffer.concat([gz, Buffer.alloc(512)]), `${BROKEN} @ byte ${gz.length}`],
    ["gzip followed by half of a member", Buffer.concat([gz, gz.subarray(0, 5)]), BROKEN],
    ["zip", zip, text],
    ["zip with a comment", zipOf([{ content: text }], "made by hand"), text],
    ["zip that is stored", zipped({ method: 0 }), text],
    ["zip with its sizes behind the entry", zipped({ descriptor: "signed" }), text],
    ["zip with its sizes behind the entry and no signature", zipped({ descriptor: "bare" }), text],
    ["zip64", zipped({ zip64: true }), text],
    ["zip64 that is stored", zipped({ zip64: true, method: 0 }), text],
    ["zip64 with its sizes behind the entry", zipped({ zip64: true, descriptor: "signed" }), text],
    ["zip of nothing", zipped({ content: "" }), ""],
    ["zip with a wrong sum", zipped({ sum: 1 }), `${BROKEN} @ byte ${49 + deflateRawSync(text, { level: 1 }).length}`],
    [
      "zip with a wrong sum behind the entry",
      zipped({ sum: 1, descriptor: "signed" }),
      `${BROKEN} @ byte ${49 + deflateRawSync(text, { level: 1 }).length}`,
    ],
    ["zip whose directory has another sum", zipped({ said: { crc: 1 } }), BROKEN],
    ["zip whose directory has another size", zipped({ said: { size: 1 } }), BROKEN],
    ["zip whose directory has another name", zipped({ said: { name: "orders.xml" } }), BROKEN],
    ["zip whose directory leads elsewhere", zipped({ said: { offset: 1 } }), BROKEN],
    ["zip followed by something", Buffer.concat([zip, Buffer.from("x")]), `${BROKEN} @ byte ${zip.length}`],
    ["zip followed by itself", Buffer.concat([zip, zip]), `${BROKEN} @ byte ${zip.length}`],
    ["zip with a password", zipped({ flags: 1 }), UNSUPPORTED],
    ["zip with a strong password", zipped({ flags: 0x41 }), UNSUPPORTED],
    ["zip with a hidden directory", zipped({ flags: 0x2000 }), UNSUPPORTED],
    ["zip by another method", zipped({ method: 12 }), UNSUPPORTED],
    ["zip that is stored without its size", zipped({ method: 0, descriptor: "signed" }), UNSUPPORTED],
    ["zip of two files", zipOf([{ content: text }, { content: text, name: "b.csv" }]), UNSUPPORTED],
    ["zip of a folder", zipOf([{ content: "", name: "orders/" }, { content: text }]), UNSUPPORTED],
    ["zip of no file", zipOf([]), UNSUPPORTED],
    ["a part of several", Buffer.concat([Buffer.from("PK\u0007\u0008"), zip]), UNSUPPORTED],
    ["gzip in gzip", gzipSync(gz), UNSUPPORTED],
    ["zip in zip", zipOf([{ content: zip, name: "orders.zip" }]), UNSUPPORTED],
    ["zip in gzip", gzipSync(zip), UNSUPPORTED],
    [
      "an office document",
      zipOf([{ content: text, name: "[Content_Types].xml" }, { content: text }]),
      "an office document",
    ],
  ];
  for (const [name, file, result] of cases)
    it(name, async () => {
      const seen = await opened(file);
      // Places in a directory are those of the reader's: where it was when it did not fit.
      expect(result === BROKEN ? seen.split(" ")[0] : seen).to.equal(result);
      expect(await opened(file, [1]), "byte by byte").to.equal(seen);
    });

  it("cut anywhere, an archive is refused", async () => {
    const several = Buffer.concat([gz, gzipWithAll(text)]);
    const archives = [
      zip,
      zipped({ descriptor: "signed" }),
      zipped({ descriptor: "bare" }),
      zipped({ zip64: true }),
      several,
    ];
    for (const file of archives)
      for (let end = 4; end < file.length; end++) {
        // Two members cut between them are one whole file.
        if (file === several && end === gz.length) continue;
        expect((await opened(file.subarray(0, end))).split(" ")[0], `cut at ${end}`).to.equal(BROKEN);
      }
  });

  it("with any byte changed, an archive is refused or means the same", async () => {
    // Times, names that nobody reads, versions: what is in the file is the same.
    for (const file of [gz, gzipWithAll(text), zip, zipped({ zip64: true, descriptor: "signed" })])
      for (let at = 2; at < file.length; at++) {
        const seen = await opened(damaged(file, at));
        if (seen !== text && at > 3) expect(seen, `byte ${at}`).to.match(/^FILE_(?:ARCHIVE_|TOO_LARGE)/);
      }
  });

  it("what comes out is what went in, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 2000 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom<Partial<Part>>(
          {},
          { method: 0 },
          { descriptor: "bare" },
          { zip64: true, descriptor: "signed" },
        ),
        async (contents, sizes, how) => {
          const whole = `.${contents.join("")}`;
          const members = contents.map((content, index) => gzipSync(index === 0 ? `.${content}` : content));
          expect(await opened(Buffer.concat(members), sizes)).to.equal(whole);
          expect(await opened(zipOf([{ content: whole, ...how }]), sizes)).to.equal(whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  describe("that grow", () => {
    const zeros = Buffer.alloc(10 * MIB);

    it("a bomb is refused, in each packing", async () => {
      expect(await opened(gzipSync(zeros))).to.equal("FILE_ARCHIVE_RATIO");
      expect(await opened(zipOf([{ content: zeros }]))).to.equal("FILE_ARCHIVE_RATIO");
      const member = gzipSync(zeros.subarray(0, 900 * 1024));
      expect(await opened(Buffer.concat(Array.from({ length: 20 }, () => member)))).to.equal("FILE_ARCHIVE_RATIO");
    });

    it("a small file may grow as it likes", async () =>
      expect(await opened(gzipSync(zeros.subarray(0, MIB)))).to.have.length(MIB));

    it("a file may be as long as the limit when it is unpacked, and not one byte longer", async () => {
      const file = gzipSync("x".repeat(1000));
      expect(await opened(file, undefined, 1000)).to.have.length(1000);
      expect(await opened(file, undefined, 999)).to.equal("FILE_TOO_LARGE");
      const bare = zipOf([{ content: "x".repeat(1000), method: 0 }]);
      expect(await opened(bare, undefined, 1000)).to.have.length(1000);
      expect(await opened(bare, undefined, 999)).to.equal("FILE_TOO_LARGE");
    });

    it("a file has at most 65,536 members", async function () {
      // Each is an engine of its own: seconds on a machine at rest, and many more on one that is not.
      this.timeout(90_000);
      const member = gzipSync("");
      const members = (count: number) => Buffer.concat(Array.from({ length: count }, () => member));
      expect(await opened(members(65_537))).to.equal("FILE_ARCHIVE_UNSUPPORTED");
    });

    it("no more is read or unpacked than is asked for", async () => {
      const line = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${(index * 7919) % 99_991},`).join(""));
      const packed = gzipSync(line);
      let given = 0;
      let closed = false;
      const file = async function* () {
        try {
          for await (const piece of pieces(packed, [1024])) {
            given += piece.length;
            yield piece;
          }
        } finally {
          closed = true;
        }
      };
      const { bytes } = await unpack(file(), LIMITS.fileBytes);
      await bytes.next();
      await new Promise((resolve) => setImmediate(resolve));
      expect(given).to.be.below(packed.length / 2);
      await bytes.return();
      await new Promise((resolve) => setImmediate(resolve));
      expect(closed).to.equal(true);
    });

    it("whoever stops is not held up by a piece that never comes", async () => {
      const file = async function* () {
        yield gz;
        await new Promise(() => undefined);
      };
      const source = byteSource(file());
      await source.next();
      const never = source.next();
      await source.close();
      expect(await Promise.race([never, Promise.resolve("nothing")])).to.equal("nothing");
    });

    it("an error of the source is what the reader gets", async () => {
      const file = async function* () {
        yield gz.subarray(0, 20);
        throw new MergepayError("STORE_UNAVAILABLE");
      };
      expect(await opened(file())).to.equal("STORE_UNAVAILABLE");
    });
  });
});
