import { lazy } from "react";
import { oidcTexts } from "@/lib/i18n";
import { patiently } from "@/lib/patiently";

// Most servers have no provider: what belongs to one is loaded where there is one, with its texts.
const load = () => patiently(() => Promise.all([import("./ProviderWay"), oidcTexts()]));

export const ProviderWay = lazy(async () => ({ default: (await load())[0].ProviderWay }));
export const ProviderProblem = lazy(async () => ({ default: (await load())[0].ProviderProblem }));
