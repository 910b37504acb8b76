import { connect } from "node:net";
import { expect } from "chai";
import { MongoNetworkError, MongoServerError } from "mongodb";
import { MergepayError } from "../../../core/errors/errors.ts";
import { mongoFailure } from "../../../core/store/mongo-failures.ts";
import { freePort } from "../../support/process.ts";

const typeOf = (error: unknown): string => {
  const told = mongoFailure(error);
  return told instanceof MergepayError ? told.type : "as it is";
};

describe("What an error of the MongoDB driver is told as", () => {
  it("one of a socket, which the driver hands on as it came: the store is away", async () => {
    const port = await freePort();
    const error = await new Promise<unknown>((resolve) => {
      connect(port, "127.0.0.1").once("error", resolve);
    });
    expect(typeOf(error)).to.equal("STORE_UNAVAILABLE");
    const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE", errno: -32, syscall: "write" });
    expect(typeOf(broken)).to.equal("STORE_UNAVAILABLE");
  });

  for (const [name, error, told] of [
    ["a lost connection", new MongoNetworkError("closed"), "STORE_UNAVAILABLE"],
    ["a primary that steps down", new MongoServerError({ code: 10107 }), "STORE_UNAVAILABLE"],
    ["a duplicate key", new MongoServerError({ code: 11000 }), "as it is"],
    ["a file that is not there", Object.assign(new Error(), { errno: -2, syscall: "open" }), "as it is"],
    ["a mistake of ours", new TypeError("x is not a function"), "as it is"],
    ["no error at all", undefined, "as it is"],
  ] as const)
    it(`${name}: ${told}`, () => {
      expect(typeOf(error)).to.equal(told);
    });
});
