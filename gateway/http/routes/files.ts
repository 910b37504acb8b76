import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import { createEchoes } from "../../../core/files/echo.ts";
import { FILE_FAULTS, WORKER_FAULTS } from "../../../core/files/faults.ts";
import { platformOnly, shownTo } from "../access.ts";
import type { HttpDeps } from "../deps.ts";
import { described } from "../describe.ts";
import { ANSWERS, pageSchema, PARAMS, QUERY } from "../schemas.ts";
import { pageQuery, sendPage } from "./page.ts";

interface ById {
  Params: { id: string };
}

const access = { platform: true, operator: "read" } as const;

/** Reports on files, what was rejected of them, and their bytes. */
export function fileRoutes(app: FastifyInstance, { call, blobs, limits }: HttpDeps): void {
  const echoOf = createEchoes({ call, blobs, limits });

  app.get<{ Querystring: { platform?: string } }>(
    "/v1/files",
    described({
      summary: "List files",
      tag: "files",
      access,
      query: QUERY.ofPlatform,
      answers: { 200: ["A page of files.", pageSchema(ANSWERS.file)] },
    }),
    async (request, reply) => {
      const own = platformOnly(request, request.query.platform);
      return sendPage(
        request,
        reply,
        await call("files.list", { ...pageQuery(request, limits.ordersPerPage), ...own }),
      );
    },
  );

  app.get<ById>(
    "/v1/files/:id",
    described({
      summary: "What became of a file",
      tag: "files",
      access,
      params: PARAMS.file,
      answers: { 200: ["The file.", ANSWERS.file] },
    }),
    async (request) =>
      shownTo(request, await call("files.get", { fileId: request.params.id, ...platformOnly(request) })),
  );

  app.get<ById>(
    "/v1/files/:id/records",
    described({
      summary: "The records of a file that were not taken, and why",
      tag: "files",
      access,
      params: PARAMS.file,
      query: QUERY.page,
      answers: { 200: ["A page of rejected records.", pageSchema(ANSWERS.reject)] },
    }),
    async (request, reply) => {
      const own = { fileId: request.params.id, ...platformOnly(request) };
      return sendPage(
        request,
        reply,
        await call("files.records", { ...pageQuery(request, limits.ordersPerPage), ...own }),
      );
    },
  );

  app.get<ById>(
    "/v1/files/:id/content",
    {
      ...described({
        summary: "A file's bytes, as they were received",
        tag: "files",
        access,
        params: PARAMS.file,
        answers: { 200: ["The bytes.", { type: "string", format: "binary" }, "application/octet-stream"] },
      }),
      // A HEAD route of it would read the whole file to throw it away.
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const fileId = request.params.id;
      const file = shownTo(request, await call("files.get", { fileId, ...platformOnly(request) }));
      const pieces = blobs.open(fileId)[Symbol.asyncIterator]();
      // The first piece is fetched before the answer begins, while a fault can still be told.
      const first = await pieces.next();
      return reply
        .type("application/octet-stream")
        .header("content-length", file.bytes)
        .header("content-disposition", `attachment; filename="${fileId}"`)
        .send(Readable.from(resumed(first, pieces), { objectMode: false }));
    },
  );

  app.get<ById>(
    "/v1/files/:id/echo",
    {
      ...described({
        summary: "The rejected records of a file, in its own format with the reasons",
        tag: "files",
        access,
        params: PARAMS.file,
        answers: {
          200: [
            "CSV, TSV, XML, JSON or NDJSON, in UTF-8, as the file is.",
            { type: "string", format: "binary" },
            "*/*",
          ],
        },
        problems: ["PLATFORM_UNAVAILABLE", "FILE_NOT_RECOGNISED", "OVERLOADED"],
      }),
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const fileId = request.params.id;
      const file = shownTo(request, await call("files.get", { fileId, ...platformOnly(request) }));
      const { type, extension, pieces } = await echoOf(file);
      const first = await pieces.next();
      return reply
        .type(type)
        .header("content-disposition", `attachment; filename="${fileId}.rejected.${extension}"`)
        .send(Readable.from(resumed(first, pieces), { objectMode: false }));
    },
  );

  app.post<ById & { Querystring: { dryRun?: "true" } }>(
    "/v1/files/:id/remap",
    described({
      summary: "Map a stored file again by its plugin as it is now; locked, paid and cancelled orders stay as they are",
      tag: "files",
      access: { operator: "files:write" },
      params: PARAMS.file,
      query: QUERY.remap,
      answers: {
        200: ["Of a dry run: what would change.", ANSWERS.remapPlan],
        202: ["The file will be mapped again.", ANSWERS.file],
      },
      problems: [...FILE_FAULTS, ...WORKER_FAULTS, "STATE_REFUSED", "DRY_RUN_TOO_LARGE", "PLATFORM_UNAVAILABLE"],
    }),
    async (request, reply) => {
      const fileId = request.params.id;
      if (request.query.dryRun !== undefined)
        return reply.send(await call("files.foreseeRemap", { fileId }, { timeoutMs: limits.dryRunMs + 5_000 }));
      return reply.code(202).send(await call("files.remap", { fileId }));
    },
  );
}

async function* resumed<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T, void, void> {
  try {
    for (let piece = first; piece.done !== true; piece = await rest.next()) yield piece.value;
  } finally {
    await rest.return?.();
  }
}
