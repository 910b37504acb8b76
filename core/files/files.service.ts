import { shell } from "../shell.ts";
import type { FilesService } from "./service.ts";

export const filesShell = ({ receive, get, list, records }: FilesService) =>
  shell("files", { receive, get, list, records });
