import { defineStates } from "../states.ts";
import type { Order } from "../../schemas/types.generated.ts";

export type OrderState = Order["state"];

export const ORDER_STATES = defineStates<OrderState>("order", {
  open: ["locked", "cancelled", "expired"],
  locked: ["open", "paid", "cancelled"],
  paid: ["settled"],
  settled: [],
  cancelled: [],
  expired: [],
});
