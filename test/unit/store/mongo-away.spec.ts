import { expect } from "chai";
import type { MergepayError } from "../../../core/errors/errors.ts";
import { openStore } from "../../../core/store/open.ts";
import { freePort } from "../../support/process.ts";

describe("A MongoDB that can't be reached when the store is opened", () => {
  const refusal = (mongoUri: string): Promise<MergepayError> =>
    openStore({ mongoUri, dir: "/nowhere" }).then(
      () => expect.fail("It was opened."),
      (error: unknown) => error as MergepayError,
    );

  it("is named by its address, without user, password and options, and with what to do", async () => {
    const port = await freePort();
    const { type, message } = await refusal(
      `mongodb://mira:s3cret@127.0.0.1:${port},localhost:${port}/shop?replicaSet=rs7&serverSelectionTimeoutMS=200`,
    );
    expect(type).to.equal("STORE_UNAVAILABLE");
    expect(message).to.include(`mongodb://127.0.0.1:${port},localhost:${port}/shop can't be reached`);
    expect(message)
      .to.include("MONGODB_URI")
      .and.not.match(/mira|s3cret|rs7|write/);
  });

  it("is named when there is no such host", async () => {
    const { type, message } = await refusal("mongodb+srv://mira:s3cret@no-such-host.invalid/shop");
    expect(type).to.equal("STORE_UNAVAILABLE");
    expect(message).to.include("mongodb+srv://no-such-host.invalid/shop can't be reached").and.not.include("s3cret");
  });

  for (const uri of ["postgres://mira:s3cret@127.0.0.1/shop", "mongodb://mira:s3:cr@et@127.0.0.1", "s3cret"])
    it(`is asked for when the address is ${uri.replace(/s3.*@|s3cret/, "...")}`, async () => {
      const { type, message } = await refusal(uri);
      expect(type).to.equal("CONFIG_INVALID");
      expect(message)
        .to.include("MONGODB_URI")
        .and.not.match(/mira|s3/);
    });
});
