import { expect } from "chai";
import { clientOptions } from "../../../core/store/mongo.ts";

describe("the connection to MongoDB", () => {
  it("reads and writes by the majority and the primary, whatever its address says", () => {
    const { writeConcern, readConcern, readPreference } = clientOptions(
      "mongodb://host/mergepay?w=1&readConcernLevel=local&readPreference=secondary",
    );
    expect(writeConcern).to.include({ w: "majority", journal: true });
    expect([readConcern, readPreference]).to.deep.equal([{ level: "majority" }, "primary"]);
  });

  it("waits no longer than its address says, and never without end", () => {
    expect(clientOptions("mongodb://host/mergepay?SocketTimeoutMS=1234")).to.not.have.property("socketTimeoutMS");
    for (const wait of ["connectTimeoutMS", "serverSelectionTimeoutMS", "socketTimeoutMS", "waitQueueTimeoutMS"])
      expect(clientOptions("mongodb://host/mergepay"), wait).to.have.property(wait).that.is.greaterThan(0);
  });
});
