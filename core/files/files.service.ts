import { shell } from "../shell.ts";
import type { FilesService } from "./service.ts";

export const filesShell = ({ receive, foresee, remap, foreseeRemap, get, list, records }: FilesService) =>
  shell("files", { receive, foresee, remap, foreseeRemap, get, list, records });
