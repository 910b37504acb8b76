import type { FastifyInstance } from "fastify";
import type { AccountSecret } from "../../../core/actions.ts";
import { operatorIdOf, userIdOf } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ACCOUNT_ANSWERS, ACCOUNT_BODIES } from "../account-schemas.ts";
import { pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface ById {
  Params: { id: string };
}
interface MerchantAccountBody extends AccountSecret {
  platform: string;
  merchant: string;
  currency: string;
  bank: string;
  label: string;
}

/** Bank accounts: those that payers pay from, and those that merchants are paid to. */
export function accountRoutes(app: FastifyInstance, { call, limits }: HttpDeps): void {
  const payer = { payer: true } as const;
  const operator = { operator: "accounts:write" } as const;

  app.post<{ Body: AccountSecret & { bank: string; label: string } }>(
    "/v1/accounts",
    described({
      summary: "Add a bank account by its number or its token",
      tag: "payers",
      access: payer,
      body: ACCOUNT_BODIES.account,
      answers: {
        200: ["The payer has it already; the account as it is.", ACCOUNT_ANSWERS.account],
        201: ["The account, without its token or number.", ACCOUNT_ANSWERS.account],
      },
      problems: ["STATE_REFUSED"],
    }),
    async (request, reply) => {
      const { existed, ...account } = await call("accounts.create", { ...request.body, userId: userIdOf(request) });
      return reply.code(existed ? 200 : 201).send(account);
    },
  );

  app.get(
    "/v1/accounts",
    described({
      summary: "List the payer's accounts",
      tag: "payers",
      access: payer,
      answers: { 200: ["The accounts.", pageSchema(ACCOUNT_ANSWERS.account)] },
    }),
    async (request, reply) => sendPage(request, reply, await call("accounts.list", { userId: userIdOf(request) })),
  );

  app.delete<ById>(
    "/v1/accounts/:id",
    described({
      summary: "Remove an account, unless a payment under way uses it",
      tag: "payers",
      access: payer,
      params: PARAMS.account,
      answers: { 200: ["It is removed, and its number with it.", ACCOUNT_ANSWERS.removed] },
      problems: ["STATE_REFUSED"],
    }),
    async (request) => call("accounts.remove", { accountId: request.params.id, userId: userIdOf(request) }),
  );

  app.post<{ Body: MerchantAccountBody }>(
    "/v1/merchant-accounts",
    described({
      summary: "Add a bank account of a merchant; payouts wait until another operator has verified it",
      tag: "operations",
      access: operator,
      body: ACCOUNT_BODIES.merchantAccount,
      answers: {
        200: ["It is paid to already, or waits to be verified.", ACCOUNT_ANSWERS.merchantAccount],
        201: ["The account, to be verified.", ACCOUNT_ANSWERS.merchantAccount],
      },
      problems: ["PLATFORM_UNKNOWN", "CURRENCY_UNKNOWN", "STATE_REFUSED"],
    }),
    async (request, reply) => {
      const params = { ...request.body, operatorId: operatorIdOf(request) };
      const { existed, ...account } = await call("accounts.addForMerchant", params);
      return reply.code(existed ? 200 : 201).send(account);
    },
  );

  app.get<{ Querystring: { platform?: string; merchant?: string } }>(
    "/v1/merchant-accounts",
    described({
      summary: "List merchants' bank accounts, removed ones too",
      tag: "operations",
      access: { operator: "read" },
      query: QUERY.ofMerchant,
      answers: { 200: ["A page of accounts.", pageSchema(ACCOUNT_ANSWERS.merchantAccount)] },
    }),
    async (request, reply) => {
      const { platform, merchant } = request.query;
      const of = { ...(platform === undefined ? {} : { platform }), ...(merchant === undefined ? {} : { merchant }) };
      const page = { ...pageQuery(request, limits.ordersPerPage), ...of };
      return sendPage(request, reply, await call("accounts.listForMerchants", page));
    },
  );

  app.post<ById>(
    "/v1/merchant-accounts/:id/verify",
    described({
      summary: "Verify a merchant's account that another operator added: payouts that begin go there from now on",
      tag: "operations",
      access: operator,
      params: PARAMS.merchantAccount,
      answers: { 200: ["The account, verified.", ACCOUNT_ANSWERS.merchantAccount] },
      problems: ["SECOND_PERSON_REQUIRED", "STATE_REFUSED"],
    }),
    async (request) =>
      call("accounts.verifyForMerchant", { accountId: request.params.id, operatorId: operatorIdOf(request) }),
  );

  app.delete<ById>(
    "/v1/merchant-accounts/:id",
    described({
      summary: "Pay nothing new to a merchant's account; an earlier one does not come back by itself",
      tag: "operations",
      access: operator,
      params: PARAMS.merchantAccount,
      answers: { 200: ["The account, removed.", ACCOUNT_ANSWERS.merchantAccount] },
    }),
    async (request) =>
      call("accounts.removeForMerchant", { accountId: request.params.id, operatorId: operatorIdOf(request) }),
  );

  app.post(
    "/v1/account-keys/rotate",
    described({
      summary: "Seal some of the account numbers that are not under the newest key anew; ask until none is left",
      tag: "operations",
      access: operator,
      answers: { 200: ["What was done, and how many are left.", ACCOUNT_ANSWERS.rotation] },
      problems: ["CONFIG_INVALID"],
    }),
    async () => call("accounts.rotate", {}),
  );
}
