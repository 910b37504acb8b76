import { plainText } from "../plain-text.ts";
import { pluginCode } from "./code.ts";
import { EDI_SCHEMA, type EdiProposals, isPlaces, type Place, shownPlace } from "./edi.ts";
import type { Implied } from "./implied.ts";
import type { Inference, Proposals } from "./infer.ts";
import { type Leaf, shownPath } from "./leaves.ts";
import { type Candidate, confidenceOf } from "./rank.ts";
import { schemaOf } from "./schema.ts";
import { usesOf } from "./uses.ts";

/** The files of a plugin's folder as text, without its samples. */
export interface PluginFiles {
  readonly files: Readonly<Record<"plugin.ts" | "order.schema.json" | "README.md", string>>;
  /** What the sample can't tell: a marked line of plugin.ts each. */
  readonly needed: readonly string[];
}

const LIST_CHARS = 80;
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** One proposal as it is shown: the field of the order, where it comes from, how sure that is, and what the first record has there. */
export type ProposalRow = readonly [field: string, from: string, confidence: string];

/** Orders that tell no buyer come to nobody by themselves. */
const NO_BUYER = "not found: each order waits until it is linked by its number";

/** What the proposals are, in the order of the unified order. */
export const proposalRows = ({ proposals, edi }: Inference): ProposalRow[] =>
  edi === undefined ? namedRows(proposals) : ediRows(edi);

function ediRows({ number, total, currency, merchant, buyer, placed }: EdiProposals): ProposalRow[] {
  const row = (field: string, at: Place | undefined): ProposalRow =>
    at === undefined ? [field, "-", "not found"] : [field, shownPlace(at), "high"];
  const [field, sum] = total === undefined || isPlaces(total) ? [total, undefined] : [undefined, total];
  return [
    row("orderNo", number),
    sum === undefined
      ? ["amount", field?.map(shownPlace).join(", ") ?? "-", field === undefined ? "not found" : "high"]
      : [
          "amount",
          `sum of ${("amount" in sum ? [sum.amount] : [sum.price, sum.quantity]).map(shownPlace).join(" x ")}`,
          "low",
        ],
    row("currency", currency?.at),
    row("merchant", merchant),
    buyer === undefined ? ["buyerId", "-", NO_BUYER] : row("buyerId", buyer),
    row("placedAt", placed?.at),
  ];
}

function namedRows({
  orderNo,
  total,
  currency,
  implied,
  buyer,
  merchant,
  placed,
  items,
  closed,
}: Proposals): ProposalRow[] {
  const row = (field: string, of: Candidate | undefined, example = false): ProposalRow =>
    of === undefined
      ? [field, "-", "not found"]
      : [field, shownPath(of.leaf.path), `${confidenceOf(of.score)}${example ? exampleOf(of.leaf) : ""}`];
  const sum = total?.kind === "lines" ? [total.of, ...total.plus].map(({ path }) => shownPath(path)).join(" + ") : "";
  const times = total?.kind === "lines" && total.times !== undefined ? ` x ${shownPath(total.times.path)}` : "";
  return [
    row("orderNo", orderNo, true),
    total?.kind === "lines"
      ? ["amount", `sum of ${sum}${times}${total.minus.length === 0 ? "" : " less discounts"}`, "low"]
      : row("amount", total === undefined ? undefined : { leaf: total.of, score: total.score }, true),
    currency === undefined && implied !== undefined ? impliedRow(implied) : row("currency", currency, true),
    merchant === undefined ? ["merchant", "the merchant named with the file", "high"] : row("merchant", merchant),
    buyer === undefined ? ["buyerId", "-", NO_BUYER] : row("buyerId", buyer),
    row("placedAt", placed),
    items === undefined ? ["items", "-", "not found"] : ["items", shownPath(items.name.path), "fair"],
    closed.status === undefined
      ? ["still to be paid", "-", "not found"]
      : [
          "still to be paid",
          closed.status.open.length === 0
            ? `nothing: ${shownPath(closed.status.of.path)} is ${closed.status.closed.join(", ")}`
            : `${shownPath(closed.status.of.path)} is ${closed.status.open.join(", ")}`,
          closed.all || closed.doubtful.length > 0 ? "low" : "fair",
        ],
  ];
}

function impliedRow(implied: Implied): ProposalRow {
  if (implied.kind === "all")
    return ["currency", implied.of, `${implied.by === "name" ? "high" : "low"} (${implied.code})`];
  const [[text, code] = ["", ""]] = implied.codes;
  const sure = code === "" ? "not found" : text === code ? "high" : "low";
  return [
    "currency",
    shownPath(implied.of.path),
    `${sure}${code === "" ? "" : ` (${plainText(`${text} ${code}`, 40)})`}`,
  ];
}

/** What the first record has there, so that a wrong guess is seen at once. */
function exampleOf({ texts }: Leaf): string {
  const first = texts.find((text) => text !== "");
  return first === undefined ? "" : ` (${plainText(first, 40)})`;
}

/**
 * The files of a new plugin, made of what its sample proposes.
 * @param contract how plugin.ts imports the contract, such as `../../core/plugin/contract.ts`
 */
export function pluginFiles(id: string, inference: Inference, contract: string): PluginFiles {
  const title = titleOf(id);
  const { text, needed } = pluginCode(id, title, inference, contract);
  const schema =
    inference.edi === undefined
      ? schemaOf(inference.records, usesOf(inference), inference.input.format === "xml")
      : EDI_SCHEMA;
  const rows = proposalRows(inference).map(
    (cells) => `| ${cells.map((cell) => plainText(cell, 200).replaceAll("|", "\\|")).join(" | ")} |`,
  );
  const { format, encoding = "utf-8" } = inference.input;
  const readme = [
    `# ${title}`,
    "",
    `**Files.** ${format}, ${encoding}. Made of one sample by \`mergepay plugin new --from\`: look at what it could not know.`,
    "",
    "| unified order | from | confidence |",
    "|---|---|---|",
    ...rows,
    "",
    "**Needed.** Each is a marked line of `plugin.ts`.",
    "",
    ...needed.map((reason) => `- ${reason}`),
    "",
  ];
  return {
    files: {
      "plugin.ts": text,
      "order.schema.json": jsonText({ $schema: DIALECT, title: `Order of ${title}`, ...schema }),
      "README.md": readme.join("\n"),
    },
    needed,
  };
}

/** A platform's name for people, of its id: `paper-lantern` is `Paper lantern`. */
export const titleOf = (id: string): string => `${id.slice(0, 1).toUpperCase()}${id.slice(1).replaceAll("-", " ")}`;

/** JSON as the house writes it: lists of texts on one line. */
const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(
    /\[\n\s+("[^"\n]*"(?:,\n\s+"[^"\n]*")*)\n\s+\]/g,
    (whole, list: string) => {
      const short = `[${list.replaceAll(/\n\s+/g, " ")}]`;
      return short.length <= LIST_CHARS ? short : whole;
    },
  )}\n`;
