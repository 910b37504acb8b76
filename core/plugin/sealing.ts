import { seal } from "./seal.ts";

seal();
