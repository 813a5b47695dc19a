import { type ComponentType, lazy, useState } from "react";
import { laterTexts } from "@/lib/i18n";
import { patiently } from "@/lib/patiently";

/**
 * A page that is loaded when it is opened, its texts with it, or ahead of that by `load`.
 *
 * What was loaded ahead is shown at once: React's own `lazy` would still put up the fallback, for 0.3 s at least.
 */
export function part<Props extends object>(fetch: () => Promise<ComponentType<Props>>, texts = true) {
  let ready: ComponentType<Props> | null = null;
  let loading: Promise<ComponentType<Props>> | null = null;
  const load = () => {
    loading ??= patiently(() => Promise.all([fetch(), texts ? laterTexts() : null])).then(
      ([page]) => {
        ready = page;
        return page;
      },
      (error) => {
        // What failed ahead of time gets another chance when it is opened.
        loading = null;
        throw error;
      },
    );
    return loading;
  };
  const Lazy = lazy(async () => ({ default: await load() })) as unknown as ComponentType<Props>;
  function Part(props: Props) {
    const [Page] = useState<ComponentType<Props>>(() => ready ?? Lazy);
    return <Page {...props} />;
  }
  return Object.assign(Part, { load });
}
