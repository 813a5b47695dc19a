import type { TFunction } from "i18next";
import type { ModelInfo } from "@/api/types";

/** What a model costs, in words. */
export function priceText(t: TFunction, model: ModelInfo): string {
  const { input_price: input, output_price: output } = model;
  if (input === null || output === null)
    return model.source === "local" ? t("models.free") : t("models.priceUnknown");
  if (isZero(input) && isZero(output)) return t("models.free");
  return t("models.price", { input: trimmed(input), output: trimmed(output) });
}

const isZero = (price: string) => /^\$?0+(\.0+)?$/.test(price);

/** "$2.500000" as "$2.50". */
export const trimmed = (price: string) => price.replace(/(\.\d{2}\d*?)0+$/, "$1");
