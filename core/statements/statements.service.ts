import { shell } from "../shell.ts";
import type { StatementsService } from "./service.ts";

export const statementsShell = ({ get }: StatementsService) => shell("statements", { get });
