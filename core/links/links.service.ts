import { shell } from "../shell.ts";
import type { LinksService } from "./service.ts";

export const linksShell = ({ create, list }: LinksService) => shell("links", { create, list });
