import { shell } from "../shell.ts";
import type { FilesService } from "./service.ts";

export const filesShell = ({ receive, foresee, get, list, records }: FilesService) =>
  shell("files", { receive, foresee, get, list, records });
