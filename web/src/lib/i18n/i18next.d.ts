import "i18next";
import type { Texts } from "./en";
import type { LaterTexts } from "./later.en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: Texts & LaterTexts };
  }
}
