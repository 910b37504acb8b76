import { shell } from "../shell.ts";
import type { LinksService } from "./service.ts";

export const linksShell = ({ create, claim, import: importLinks, remove, list }: LinksService) =>
  shell("links", { create, claim, import: importLinks, remove, list });
