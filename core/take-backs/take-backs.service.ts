import { shell } from "../shell.ts";
import type { TakeBacksService } from "./service.ts";

export const takeBacksShell = ({ get, list }: TakeBacksService) => shell("take-backs", { get, list });
